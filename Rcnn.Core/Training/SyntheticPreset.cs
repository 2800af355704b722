using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>
/// A small detector for the embedded synthetic scenes that learns from random weights within minutes on two cores: a ResNet cut at stride 8,
/// one anchor per cell and size. The demo trains it; ablations on embedded data vary it.
/// </summary>
public static class SyntheticPreset
{
    public static TrainConfig Create() => new()
    {
        Model = new DetectorConfig
        {
            Assembly = "faster-rcnn-c4",
            Classes = 7,
            Input = new InputConfig { MinSize = 160, MaxSize = 192 },
            Backbone = new BackboneConfig { Name = "resnet18", Norm = "bn", Block = "basic", Layers = [1, 2, 2, 1], BaseWidth = 24, Fpn = false, LastBlock = 2 },
            Rpn = new RpnConfig
            {
                Anchors = new AnchorConfig { Sizes = [[16, 32, 48, 72]], AspectRatios = [1.0] },
                PreNmsTrain = 400,
                PostNmsTrain = 100,
                PreNmsTest = 300,
                PostNmsTest = 80,
                BatchPerImage = 64,
            },
            Roi = new RoiConfig { Levels = ["0"], HeadWidth = 192, BatchPerImage = 48, PositiveFraction = 0.5 },
        },
        Data = new DataConfig { BatchSize = 4 },
        Optimizer = new OptimizerConfig { Kind = "adamw", LearningRate = 0.003, WeightDecay = 0.01 },
        Schedule = new ScheduleConfig { Kind = "cosine", WarmupSteps = 50 },
        CheckpointEvery = 1000,
        LogEvery = 20,
    };
}
