using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Training;

namespace Rcnn.Core.Runs;

/// <summary>How a detector is measured.</summary>
public sealed record EvaluationOptions
{
    /// <summary>coco (AP over IoU .50:.95 and the other eleven), voc07 (11 points) or voc (area), both at IoU .5.</summary>
    public string Metric { get; init; } = "coco";

    /// <summary>Where a run's detector is put, see <see cref="ComputeDevice"/>. One that is given as an object stays where it is.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Longer side that larger images are reduced to when loaded, as in training; detections are in pixels of the original.</summary>
    public int MaxSide { get; init; }

    /// <summary>Regions from outside, for models that do not propose their own.</summary>
    public ProposalSource? Proposals { get; init; }

    /// <summary>Copies of each image that are looked at, and their fusion; the default is the image as it is.</summary>
    public TestAugmentation Augmentation { get; init; } = new();

    /// <summary>Ranks of the region head's fully connected layers; null leaves them whole.</summary>
    public FullyConnectedRanks? Svd { get; init; }

    public int CacheMegabytes { get; init; }

    public int Workers { get; init; } = 2;

    /// <summary>Threads of the arithmetic; 0 takes every processor.</summary>
    public int Threads { get; init; }

    /// <summary>The metric that fits the configuration's choice of best checkpoint, and its image size.</summary>
    public static EvaluationOptions For(TrainConfig config) => new()
    {
        Metric = config.BestMetric == "mAP" ? "voc" : "coco",
        Device = config.Device,
        MaxSide = config.Data.MaxSide,
        Workers = config.Data.Workers,
        Threads = config.Threads,
    };
}
