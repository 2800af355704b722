using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>Training settings that suit a model: where a run starts from before its own settings are laid over them.</summary>
public static class TrainPresets
{
    /// <param name="model">faster-rcnn-c4, faster-rcnn-fpn, mask-rcnn-fpn, or one of torchvision's names.</param>
    /// <param name="backbone">Name of the backbone, or null for the usual one of the assembly.</param>
    /// <param name="classes">Object classes without background.</param>
    public static TrainConfig For(string model, string? backbone, int classes)
    {
        DetectorConfig detector = DetectorPresets.Create(model, backbone, classes + 1);
        TrainConfig config = DetectorPresets.IsSmall(detector.Backbone.Name) ? Small(detector) : Standard(detector);
        if (!DetectorFactory.NeedsProposals(detector))
        {
            return config;
        }

        // R-CNN pays for each proposal with a pass through the network.
        int limit = DetectorFactory.IsClassic(detector) && DetectorPresets.IsSmall(detector.Backbone.Name) ? 200 : 2000;
        return config with { Data = config.Data with { Proposals = new ProposalConfig { Method = "selective-search-fast", Limit = limit } } };
    }

    /// <summary>
    /// Minutes on two cores: images of about 320 pixels, batches of four, a large rate that drops to a tenth after three quarters. A few hundred photos are seen
    /// dozens of times, so scale and colour vary.
    /// </summary>
    private static TrainConfig Small(DetectorConfig model) => new()
    {
        Model = model with { Input = model.Input with { ScaleJitter = [0.7, 1.1] } },
        Data = new DataConfig { BatchSize = 4, MaxSide = model.Input.MaxSize, FlipProbability = 0, ColourJitter = 0.2 },
        Optimizer = new OptimizerConfig { LearningRate = 0.01, Momentum = 0.9, WeightDecay = 1e-4, ClipNorm = 10 },
        Schedule = new ScheduleConfig { Kind = "step", WarmupSteps = 30, Milestones = [0.75], Gamma = 0.1 },
    };

    /// <summary>torchvision's reference rate of 0.02 for 16 images, scaled to a batch of two.</summary>
    private static TrainConfig Standard(DetectorConfig model) => new()
    {
        Model = model,
        Data = new DataConfig { BatchSize = 2, FlipProbability = 0.5 },
        Optimizer = new OptimizerConfig { LearningRate = 0.0025, Momentum = 0.9, WeightDecay = 1e-4, ClipNorm = 10 },
        Schedule = new ScheduleConfig { Kind = "step", WarmupSteps = 500, WarmupFactor = 0.001, Milestones = [0.75, 0.92], Gamma = 0.1 },
    };
}
