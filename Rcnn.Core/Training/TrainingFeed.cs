using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>How a run reads its training data: the one place that turns a configuration into loader options.</summary>
public static class TrainingFeed
{
    /// <param name="config">Of the run.</param>
    /// <param name="proposals">Regions from outside, or null.</param>
    public static LoaderOptions Options(TrainConfig config, ProposalSource? proposals = null) => new()
    {
        BatchSize = config.Data.BatchSize,
        Shuffle = true,
        Seed = config.Seed,
        FlipProbability = config.Data.FlipProbability,
        ColourJitter = config.Data.ColourJitter,
        SaturationJitter = config.Data.SaturationJitter,
        HueJitter = config.Data.HueJitter,
        Augment = config.Data.Augment,
        Proposals = proposals,
        MaxSide = config.Data.MaxSide,
        CacheBytes = (long)config.Data.CacheMegabytes << 20,
        Workers = config.Data.Workers,
        Prefetch = config.Data.Prefetch,
        Masks = DetectorFactory.NeedsMasks(config.Model),
    };
}
