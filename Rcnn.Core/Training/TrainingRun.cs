using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Runs;
using Rcnn.Core.Weights;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>The one way to train: a configuration and data in, a run folder out. The command line, the demo and scripts all come through here.</summary>
public static class TrainingRun
{
    /// <summary>Trains a detector as the configuration says.</summary>
    /// <param name="config">Model, optimizer, schedule, stop condition, seed. Its class count and names follow <paramref name="train"/> when left empty.</param>
    /// <param name="train">Images to learn from.</param>
    /// <param name="validation">Images to choose the best checkpoint by, or null.</param>
    /// <param name="outDir">The run folder, to be created; with <paramref name="resume"/> the run to continue.</param>
    /// <param name="observer">Told of every step, validation and checkpoint; may be null.</param>
    /// <param name="resume">Continue the run in <paramref name="outDir"/> from its last checkpoint, to the bit as if it had not stopped; start it when there is none.</param>
    /// <param name="cancellation">Ends the run after the current step, with a checkpoint.</param>
    /// <exception cref="RcnnException">Wrong settings, no such device, data that cannot be read, a full disk, or a loss that is not finite (names component, step and images).</exception>
    public static RunSummary Execute(
        TrainConfig config,
        IDetectionDataset train,
        IDetectionDataset? validation,
        string outDir,
        ITrainingObserver? observer = null,
        bool resume = false,
        CancellationToken cancellation = default)
    {
        config = Resolve(config, train, validation);
        if (!(resume && RunFolder.IsStarted(outDir)))
        {
            BackboneCheck.Unused(config.Model.Backbone);
            RcnnCheck.Unused(config);
            ConfigCheck.New(config);
        }

        ConfigCheck.Validation(config, validation is not null);
        Device device = ComputeDevice.Of(config.Device);
        if (config.Procedure == "alternating")
        {
            return AlternatingTraining.Execute(config, train, validation, outDir, observer, resume, cancellation);
        }

        if (DetectorFactory.IsClassic(config.Model))
        {
            return RcnnTraining.Execute(config, train, validation, outDir, observer, resume, cancellation);
        }

        Engine.Threads = config.Threads > 0 ? config.Threads : Environment.ProcessorCount;
        using TwoStageDetector detector = DetectorFactory.Create(config.Model, config.Seed);
        ComputeDevice.Place(detector, device);
        TrainedParts.Apply(detector, config.Parts);
        Stages stages = TrainedParts.Stages(config.Parts);
        RunFolder folder = Folder(config, outDir, resume);
        using ProposalSource? proposals = ProposalSources.Open(config.Data.Proposals, folder.Directory);
        return Execute(
            config, train, validation, folder, detector,
            (batch, random) => detector.Losses(batch.Images, batch.Targets, random, stages),
            (data, progress) => EvaluationRun.Execute(detector, data, EvaluationOptions.For(config) with { Proposals = proposals }, progress, cancellation).Metrics,
            file => Initialize(detector, file), observer, cancellation, proposals,
            data => ValidationPictures.Draw(detector, data, config.Data.MaxSide, proposals));
    }

    /// <summary>The configuration with data names, classes and image counts filled in, checked.</summary>
    public static TrainConfig Resolve(TrainConfig config, IDetectionDataset train, IDetectionDataset? validation)
    {
        if (train.Count == 0)
        {
            throw new RcnnException($"{train.Name}: no images to train on");
        }

        if (validation is not null && !validation.ClassNames.SequenceEqual(train.ClassNames))
        {
            throw new RcnnException(
                $"{validation.Name}: its classes ({string.Join(", ", validation.ClassNames)}) are not those of {train.Name} ({string.Join(", ", train.ClassNames)})");
        }

        config = config with
        {
            Data = config.Data with { Train = train.Name, Validation = validation?.Name, Classes = [.. train.ClassNames] },
            Model = config.Model with { Output = config.Model.Output with { ScoreThreshold = config.Model.ScoreThreshold } },
        };
        ConfigCheck.Validate(config);
        return config;
    }

    /// <summary>The run's folder: the one to go on with, else a new one, also where a call ended before its first checkpoint.</summary>
    internal static RunFolder Folder(TrainConfig config, string outDir, bool resume) =>
        resume && RunFolder.IsStarted(outDir) ? RunFolder.Open(outDir) : RunFolder.Create(outDir, config);

    /// <summary>The loop itself, for any model that has losses.</summary>
    internal static RunSummary Execute(
        TrainConfig config,
        IDetectionDataset train,
        IDetectionDataset? validation,
        RunFolder folder,
        nn.Module model,
        BatchLoss loss,
        Func<IDetectionDataset, ITrainingObserver?, IReadOnlyDictionary<string, double>> validate,
        Func<string, string> initialize,
        ITrainingObserver? observer,
        CancellationToken cancellation,
        ProposalSource? proposals = null,
        Func<IDetectionDataset, IReadOnlyList<(string Name, RgbImage Image)>>? pictures = null)
    {
        using IDisposable exclusive = folder.Lock();
        ResumeCheck.SameWork(folder.Config, config, folder.Directory);
        if (ResumeCheck.Moved(folder.Config, config) is { } moved)
        {
            observer?.Message(moved);
        }

        folder = folder.With(config);
        DurableFile.CleanUp(folder.Directory);

        manual_seed(config.Seed);
        using var trainer = new Trainer(model, loss, config);
        var state = new CheckpointState();
        string? latest = folder.LatestCheckpoint();
        if (latest is not null)
        {
            state = Checkpoint.Restore(latest, trainer);
            observer?.Message($"resumed from {latest} at step {state.Step}");
        }
        else if (config.Init is not null)
        {
            string loaded = initialize(config.Init);
            observer?.Message(loaded);
            trainer.Average?.Restart();
        }

        RunEnvironment.Write(folder, train, validation, state.Step);
        using MetricsLog log = MetricsLog.Open(folder.MetricsFile, state.Step);
        using var loop = new TrainingLoop(config, train, validation, folder, trainer, log, validate, observer, proposals, pictures);
        return loop.Run(state, cancellation);
    }

    /// <summary>Weights from a file; says what was loaded.</summary>
    private static string Initialize(TwoStageDetector detector, string file)
    {
        using DisposeScope scope = NewDisposeScope();
        DetectorWeights.Report report = DetectorWeights.Load(detector, WeightFile.Read(file), file);
        int kept = detector.state_dict().Count - report.Loaded;
        string[] unused = [.. report.Unused.Where(name => !name.EndsWith(".num_batches_tracked", StringComparison.Ordinal))];
        string list = unused.Length == 0 ? "" : $" ({string.Join(", ", unused.Take(3))}{(unused.Length > 3 ? ", …" : "")})";
        return $"{file}: {report.Loaded} tensors loaded, {kept} of the model start from random values, {unused.Length} of the file unused{list}";
    }
}
