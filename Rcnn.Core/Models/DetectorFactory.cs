using Rcnn.Core.Models.Assemblies;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Criteria;

namespace Rcnn.Core.Models;

/// <summary>Detectors from configurations.</summary>
public static class DetectorFactory
{
    public static IReadOnlyList<string> Assemblies { get; } = ["rcnn", "fast-rcnn", "faster-rcnn-c4", "faster-rcnn-fpn", "mask-rcnn-fpn"];

    /// <summary>Builds the detector with random weights: the same (config, seed) gives the same weights on every machine.</summary>
    /// <exception cref="RcnnException">A name, size or combination that cannot be built; names the field.</exception>
    public static TwoStageDetector Create(DetectorConfig config, long seed)
    {
        Check(config);
        TwoStageDetector detector = config.Assembly switch
        {
            "faster-rcnn-fpn" => FasterRcnnFpn.Create(config),
            "faster-rcnn-c4" => FasterRcnnC4.Create(config),
            "fast-rcnn" => FastRcnn.Create(config),
            "mask-rcnn-fpn" => MaskRcnnFpn.Create(config),
            "rcnn" => throw new ArgumentException("rcnn is built by its training run, not as a two-stage detector", nameof(config)),
            _ => throw DetectorPresets.UnknownModel(config.Assembly),
        };
        RandomWeights.Fill(detector, seed);
        FocalPrior.Apply(detector);
        MemoryLayout.Arrange(detector);
        return detector;
    }

    /// <summary>R-CNN, which is no <see cref="TwoStageDetector"/>: its regions go through the network one by one.</summary>
    public static bool IsClassic(DetectorConfig config) => config.Assembly == "rcnn";

    /// <summary>Whether the detector takes its regions from outside.</summary>
    public static bool NeedsProposals(DetectorConfig config) => config.Assembly is "rcnn" or "fast-rcnn";

    /// <summary>Whether the detector learns from masks, so that every object of its training data must have one.</summary>
    public static bool NeedsMasks(DetectorConfig config) => config.Assembly == "mask-rcnn-fpn";

    private static void Check(DetectorConfig config)
    {
        LossCheck.Run(config);
        if (config.Classes < 2)
        {
            throw RcnnException.Usage($"classes: 2 or more expected (background and one), got {config.Classes}");
        }

        if (config.Input.MinSize < 1 || config.Input.MaxSize < config.Input.MinSize)
        {
            throw RcnnException.Usage($"input.minSize, input.maxSize: 1 ≤ min ≤ max expected, got {config.Input.MinSize}, {config.Input.MaxSize}");
        }

        if (config.Input.Resize is not ("float" or "pil" or "cv2"))
        {
            throw RcnnException.Usage($"input.resize: float, pil or cv2 expected, got '{config.Input.Resize}'");
        }

        _ = BoxSettings.Paste(config.Output);
        if (config.Input.SizeDivisible < 1)
        {
            throw RcnnException.Usage($"input.sizeDivisible: 1 or more expected, got {config.Input.SizeDivisible}");
        }

        if (config.Input.Mean.Length != 3 || config.Input.Std.Length != 3)
        {
            throw RcnnException.Usage($"input.mean, input.std: three values each expected, got {config.Input.Mean.Length}, {config.Input.Std.Length}");
        }

        if (config.Rpn.Anchors.Sizes.Length == 0 || config.Rpn.Anchors.Sizes[0].Length == 0 || config.Rpn.Anchors.AspectRatios.Length == 0)
        {
            throw RcnnException.Usage("rpn.anchors.sizes, rpn.anchors.aspectRatios: one size and one ratio or more expected, got none");
        }

        if (config.Rpn.SharedHead && config.Rpn.Anchors.Sizes.Any(s => s.Length != config.Rpn.Anchors.Sizes[0].Length))
        {
            throw RcnnException.Usage("rpn.anchors.sizes: as many sizes on every level expected, as the levels share one head");
        }
    }
}
