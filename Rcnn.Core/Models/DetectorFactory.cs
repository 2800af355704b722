using Rcnn.Core.Models.Assemblies;
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
        DetectorCheck.Run(config);
        TwoStageDetector detector = config.Assembly switch
        {
            "faster-rcnn-fpn" => FasterRcnnFpn.Create(config),
            "faster-rcnn-c4" => FasterRcnnC4.Create(config),
            "fast-rcnn" => FastRcnn.Create(config),
            "mask-rcnn-fpn" => MaskRcnnFpn.Create(config),
            "rcnn" => throw RcnnException.Usage("model.assembly=rcnn: expected a two-stage detector here; rcnn is built by its training run"),
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
}
