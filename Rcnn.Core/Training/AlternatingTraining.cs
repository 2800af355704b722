using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>
/// The four steps of Ren et al. 2015, §3.2, each an ordinary run in a folder of its own, so that each resumes: 1 the proposal network from the initial weights; 2 Fast R-CNN from the initial weights
/// on step 1's proposals; 3 a new proposal network on step 2's convolutions, which stay fixed; 4 the region heads on top, everything else fixed. The result is one
/// detector whose two stages share their convolutions.
/// </summary>
public static class AlternatingTraining
{
    private static readonly string[] Names = ["1-proposals", "2-regions", "3-proposals", "4-regions"];

    private static readonly string[][] Parts = [["backbone", "rpn"], ["backbone", "roi_heads"], ["rpn"], ["roi_heads"]];

    /// <summary>The folder of step 1 to 4.</summary>
    public static string StepFolder(string outDir, int step) => Path.Combine(outDir, "step-" + Names[step - 1]);

    /// <inheritdoc cref="TrainingRun.Execute(TrainConfig, IDetectionDataset, IDetectionDataset?, string, ITrainingObserver?, bool, CancellationToken)"/>
    internal static RunSummary Execute(
        TrainConfig config, IDetectionDataset train, IDetectionDataset? validation, string outDir, ITrainingObserver? observer, bool resume, CancellationToken cancellation)
    {
        RunFolder folder = TrainingRun.Folder(config, outDir, resume);
        using IDisposable exclusive = folder.Lock();
        ResumeCheck.SameWork(folder.Config, config, folder.Directory);
        if (File.Exists(ProposalFile(outDir)))
        {
            ResumeCheck.SameLength(folder.Config, config, folder.Directory);
        }

        folder = folder.With(config);
        RunSummary summary = null!;
        (TimeSpan elapsed, int steps) = (TimeSpan.Zero, 0);
        for (int step = 1; step <= 4; step++)
        {
            observer?.Message($"step {step}/4: {(step % 2 == 1 ? "the proposal network" : "the heads on regions")}{(step > 2 ? ", shared convolutions fixed" : "")}");
            string stepFolder = StepFolder(outDir, step);
            RunSummary one = TrainingRun.Execute(
                StepConfig(config, outDir, step), train, step == 4 ? validation : null, stepFolder, observer, resume: true, cancellation);
            (elapsed, steps) = (elapsed + one.Elapsed, steps + one.Steps);
            summary = one with { Folder = outDir, Steps = steps, Elapsed = elapsed };
            if (summary.Outcome == RunOutcome.Interrupted)
            {
                return summary;
            }

            if (step == 1 && !Propose(RunFolder.Open(stepFolder), train, ProposalFile(outDir), observer, cancellation))
            {
                return summary with { Outcome = RunOutcome.Interrupted };
            }
        }

        Finish(folder, RunFolder.Open(StepFolder(outDir, 4)));
        return summary;
    }

    private static string ProposalFile(string outDir) => Path.Combine(outDir, "step-1.proposals");

    private static TrainConfig StepConfig(TrainConfig config, string outDir, int step)
    {
        double share = config.AlternatingShares[step - 1] / config.AlternatingShares.Sum();
        StopConfig stop = config.Stop;
        return config with
        {
            Procedure = "joint",
            Parts = Parts[step - 1],
            Init = step <= 2 ? config.Init : Path.Combine(RunFolder.Open(StepFolder(outDir, step - 1)).LatestCheckpoint()!, Checkpoint.WeightsFile),
            Data = step == 2 ? config.Data with { Proposals = new ProposalConfig { File = ProposalFile(outDir), Limit = int.MaxValue } } : config.Data,
            Stop = stop with
            {
                Steps = stop.Steps is { } steps ? Math.Max(1, (int)Math.Round(steps * share)) : null,
                Epochs = stop.Epochs * share,
                Minutes = stop.Minutes * share,
                Patience = step == 4 ? stop.Patience : null,
            },
        };
    }

    /// <summary>Step 1's proposals for every training image; false when cancelled. What is there already is not computed again.</summary>
    private static bool Propose(RunFolder first, IDetectionDataset train, string file, ITrainingObserver? observer, CancellationToken cancellation)
    {
        using TwoStageDetector detector = first.LoadDetector(first.LatestCheckpoint(), first.Config.Device);
        using ProposalCache cache = ProposalCache.Open(file, $"{first.Config.Model.Assembly}, step 1");
        if (cache.Count == train.Count)
        {
            return true;
        }

        var method = new NetworkProposals(detector, cache.Method, train: true);
        var reader = new SampleReader(train, new LoaderOptions { MaxSide = first.Config.Data.MaxSide });
        for (int i = 0; i < train.Count; i++)
        {
            if (cancellation.IsCancellationRequested)
            {
                return false;
            }

            RgbImage image = reader.Read(0, i).Image;
            if (cache.Find(image) is null)
            {
                cache.Add(image, method.Propose(image));
            }

            observer?.Evaluating(i + 1, train.Count);
        }

        return true;
    }

    /// <summary>Makes the run folder itself the result: the last step's checkpoint and metrics; those of the other steps stay in their folders.</summary>
    private static void Finish(RunFolder folder, RunFolder last)
    {
        string best = last.BestCheckpoint(), target = Path.Combine(folder.Directory, Path.GetFileName(best));
        if (!Directory.Exists(target))
        {
            DurableFile.WriteFolder(target, temporary =>
            {
                foreach (string file in Directory.GetFiles(best))
                {
                    File.Copy(file, Path.Combine(temporary, Path.GetFileName(file)));
                }
            });
        }

        File.Copy(last.EnvironmentFile, folder.EnvironmentFile, overwrite: true);
        File.Copy(last.MetricsFile, folder.MetricsFile, overwrite: true);
    }
}
