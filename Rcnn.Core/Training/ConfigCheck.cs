using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>What can be said about a configuration before any work.</summary>
public static class ConfigCheck
{
    private static readonly string[] Metrics = ["AP", "AP50", "AP75", "mAP"];

    /// <exception cref="RcnnException">A value out of range; names setting and value. Exit code 2.</exception>
    public static void Validate(TrainConfig config)
    {
        Positive("data.batchSize", config.Data.BatchSize);
        NotNegative("data.maxSide", config.Data.MaxSide);
        NotNegative("data.cacheMegabytes", config.Data.CacheMegabytes);
        NotNegative("data.workers", config.Data.Workers);
        Positive("data.prefetch", config.Data.Prefetch);
        if (config.Procedure is not ("joint" or "alternating"))
        {
            throw RcnnException.Usage($"procedure={config.Procedure}: expected joint or alternating");
        }

        if (config.Procedure == "alternating" && (config.Parts.Length > 0 || DetectorFactory.NeedsProposals(config.Model)))
        {
            throw RcnnException.Usage("procedure=alternating: expected a model with a proposal network, and no parts");
        }

        if (config.AlternatingShares is not { Length: 4 } shares || !shares.All(s => s > 0 && double.IsFinite(s)))
        {
            throw RcnnException.Usage($"alternatingShares=[{string.Join(",", config.AlternatingShares ?? [])}]: expected four positive numbers, one for each step");
        }

        Positive("data.proposals.limit", config.Data.Proposals.Limit);
        NotNegative("threads", config.Threads);
        NotNegative("evalEvery", config.EvalEvery);
        Positive("checkpointEvery", config.CheckpointEvery);
        Positive("logEvery", config.LogEvery);
        if (!(config.Data.ColourJitter >= 0 && config.Data.ColourJitter < 1))
        {
            throw RcnnException.Usage($"data.colourJitter={config.Data.ColourJitter}: expected a value in [0,1)");
        }

        if (config.Model.Input.ScaleJitter is not { Length: 2 } jitter || !(jitter[0] > 0 && jitter[0] <= jitter[1] && jitter[1] <= 4))
        {
            throw RcnnException.Usage($"model.input.scaleJitter=[{string.Join(",", config.Model.Input.ScaleJitter ?? [])}]: expected two factors, 0 < low ≤ high ≤ 4");
        }

        config.Data.Augment.Validate("data.augment");
        if (!(config.Data.FlipProbability >= 0 && config.Data.FlipProbability <= 1))
        {
            throw RcnnException.Usage($"data.flipProbability={config.Data.FlipProbability}: expected a value in [0,1]");
        }

        NotNegative("optimizer.microBatch", config.Optimizer.MicroBatch);
        if (!(config.Optimizer.AverageDecay >= 0 && config.Optimizer.AverageDecay < 1))
        {
            throw RcnnException.Usage($"optimizer.averageDecay={config.Optimizer.AverageDecay}: expected a value in [0,1)");
        }

        if (config.Stop.Patience is { } patience)
        {
            Positive("stop.patience", patience);
        }

        ComputeDevice.Validate(config.Device);
        Precision.Validate(config.Precision);
        if (!Metrics.Contains(config.BestMetric))
        {
            throw RcnnException.Usage($"bestMetric={config.BestMetric}: expected {string.Join(", ", Metrics)}");
        }

        if (DetectorFactory.NeedsProposals(config.Model) && config.Data.Proposals is { Method: null, File: null })
        {
            throw RcnnException.Usage($"data.proposals: {config.Model.Assembly} takes its regions from outside; set data.proposals.method or data.proposals.file");
        }

        if (DetectorFactory.IsClassic(config.Model))
        {
            config.Model.Rcnn.Validate();
        }

        if (config.Data.Classes.Length > 0 && config.Model.Classes != config.Data.Classes.Length + 1)
        {
            throw RcnnException.Usage(
                $"model.classes={config.Model.Classes}: the data has {config.Data.Classes.Length} classes, with background {config.Data.Classes.Length + 1}");
        }
    }

    /// <summary>What a new run must not have, but one of before may go on with.</summary>
    /// <returns>The configuration.</returns>
    /// <exception cref="RcnnException">A setting without effect beside another; names both. Exit code 2.</exception>
    internal static TrainConfig New(TrainConfig config) => config.Model.Roi is { ClassLoss.Kind: "ohem", Sampler: not ("balanced" or "all") } roi
        ? throw RcnnException.Usage($"model.roi.sampler={roi.Sampler}: expected balanced or all with model.roi.classLoss.kind=ohem, which takes the hardest of all regions and no other sample")
        : config;

    private static void Positive(string name, int value)
    {
        if (value <= 0)
        {
            throw RcnnException.Usage($"{name}={value}: expected a positive number");
        }
    }

    private static void NotNegative(string name, int value)
    {
        if (value < 0)
        {
            throw RcnnException.Usage($"{name}={value}: expected a number that is not negative");
        }
    }
}
