// A recipe from end to end: trains a detector, evaluates it, times its stages, and writes recipe.json beside the run.
// Interrupted, it goes on where it stopped when it is started again with the same --out.
#load "../rcnn.csx"
#load "arguments.csx"

using System.Diagnostics;
using System.Text.Json;
using Rcnn.Core.Data.Proposals;

public sealed class Recipe
{
    /// <summary>What the table calls it.</summary>
    public string Title { get; set; } = "";

    /// <summary>Its settings, given the number of classes.</summary>
    public Func<int, TrainConfig> Config { get; set; } = classes => TrainPresets.For("faster-rcnn-c4", null, classes);

    /// <summary>Images that the stages are timed on.</summary>
    public int TimedImages { get; set; } = 30;

    /// <summary>
    /// Runs it. Options: --train D, --val D, --init FILE, --steps N or --minutes T, --seed S, --threads N, --out DIR, and --set "key=value …". A number of steps gives the same
    /// bits again on the same machine with the same number of threads; minutes do not.
    /// </summary>
    public int Run(IList<string> args, int steps)
    {
        var options = new Arguments(args);
        string output = options.Text("--out", "runs/" + Title.Replace(' ', '-').ToLowerInvariant());
        IDetectionDataset train = DatasetFactory.Open(options.Text("--train", "synthetic:train:600"));
        IDetectionDataset validation = DatasetFactory.Open(options.Text("--val", "synthetic:val:100"));
        string init = options.Text("--init", "");
        steps = options.Integer("--steps", steps);
        double minutes = options.Number("--minutes", 0);
        long seed = options.Integer("--seed", 0);
        int threads = options.Integer("--threads", 0);
        string set = options.Text("--set", "");
        options.RejectUnknown();
        TrainConfig config = Config(train.ClassNames.Count) with
        {
            Seed = seed,
            Init = init.Length > 0 ? init : null,
            Stop = minutes > 0 ? new StopConfig { Minutes = minutes } : new StopConfig { Steps = steps },
            Threads = threads,
            EvalEvery = int.MaxValue,
        };
        config = ConfigOverrides.Apply(config, set.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        RunSummary summary = TrainingRun.Execute(config, train, validation, output, new Lines(Title), resume: true);
        RunFolder run = RunFolder.Open(output);
        EvaluationSummary evaluation = EvaluationRun.Execute(run, validation);
        using IDetector detector = run.OpenDetector();
        IProposalMethod method = run.Config.Data.Proposals.Method is { } name ? ProposalMethods.Create(name) : null;
        StageTimes times = StageTimes.Measure(detector, validation, run.Config.Data.MaxSide, TimedImages, method);
        var result = new
        {
            title = Title,
            seed,
            steps = summary.Steps,
            trainMinutes = Math.Round(summary.Elapsed.TotalMinutes, 2),
            ap = evaluation.Metrics["AP"],
            ap50 = evaluation.Metrics["AP50"],
            ap75 = evaluation.Metrics["AP75"],
            proposalMs = times.Proposals,
            featureMs = times.Features,
            regionMs = times.Regions,
            restMs = times.Rest,
            peakMegabytes = Engine.PeakResidentBytes >> 20,
        };
        File.WriteAllText(Path.Combine(output, "recipe.json"), JsonSerializer.Serialize(result, new JsonSerializerOptions { WriteIndented = true }));
        Console.WriteLine($"{Title}: AP50 {result.ap50:F3}  AP {result.ap:F3}  AP75 {result.ap75:F3}; {result.steps} steps in {result.trainMinutes:F1} minutes; "
            + $"an image {times.Total:F0} ms (proposals {times.Proposals:F0}, features {times.Features:F0}, regions {times.Regions:F0}, rest {times.Rest:F0})");
        return 0;
    }

    private sealed class Lines(string title) : ITrainingObserver
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private double _next;

        public void Message(string text) => Console.Error.WriteLine($"{title}: {text}");

        public void Stepped(StepReport report)
        {
            if (_clock.Elapsed.TotalSeconds >= _next)
            {
                Console.Error.WriteLine($"{title}: step {report.Step}, {report.Progress:P0}, loss {report.Loss:F3}");
                _next = _clock.Elapsed.TotalSeconds + 15;
            }
        }
    }
}
