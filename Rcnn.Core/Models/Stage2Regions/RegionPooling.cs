using Rcnn.Ops;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>
/// The pooling that <see cref="RoiConfig.Pooling"/> names, over the levels of the pyramid. He et al. 2017, Table 2c compares them; its RoIWarp rounds
/// regions to whole cells, this one does not.
/// </summary>
public static class RegionPooling
{
    /// <summary>Names for <see cref="RoiConfig.Pooling"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["align", "align-max", "pool", "warp"];

    /// <param name="side">Cells of the pooled region along each axis, 1 or more.</param>
    /// <exception cref="RcnnException">An unknown name, or a setting that the pooling cannot do with.</exception>
    public static MultiScaleRoiPooling Create(RoiConfig config, int side)
    {
        if (side < 1)
        {
            throw RcnnException.Usage($"roi.poolSize: 1 or more expected, got {side}");
        }

        RoiPooling pooling = config.Pooling switch
        {
            "align" => new RoiAlignPooling(config.SamplingRatio, config.Aligned),
            "align-max" => new RoiAlignPooling(config.SamplingRatio, config.Aligned, BinReduction.Max),
            "pool" => new RoiMaxPooling(),
            "warp" when config.SamplingRatio < 1 => throw RcnnException.Usage($"roi.samplingRatio: 1 or more expected with roi.pooling warp, got {config.SamplingRatio}"),
            "warp" => new RoiWarpPooling(Samples: config.SamplingRatio),
            _ => throw RcnnException.Usage($"roi.pooling: one of {string.Join(", ", Names)} expected, got '{config.Pooling}'"),
        };
        LevelRule rule = config.LevelFormula switch
        {
            "torchvision" => LevelRule.Torchvision,
            "detectron2" => LevelRule.Detectron2,
            _ => throw RcnnException.Usage($"roi.levelFormula: torchvision or detectron2 expected, got '{config.LevelFormula}'"),
        };
        return new MultiScaleRoiPooling(side, side, pooling, config.CanonicalSize, config.CanonicalLevel, rule);
    }
}
