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
            throw RcnnException.Usage($"model.roi.poolSize: 1 or more expected, got {side}");
        }

        RoiPooling pooling = config.Pooling switch
        {
            "align" => new RoiAlignPooling(config.SamplingRatio, config.Aligned),
            "align-max" => new RoiAlignPooling(config.SamplingRatio, config.Aligned, BinReduction.Max),
            "pool" => new RoiMaxPooling(),
            "warp" when config.SamplingRatio < 1 => throw RcnnException.Usage($"model.roi.samplingRatio: 1 or more expected with roi.pooling warp, got {config.SamplingRatio}"),
            "warp" => new RoiWarpPooling(Samples: config.SamplingRatio),
            _ => throw RcnnException.Usage($"model.roi.pooling: one of {string.Join(", ", Names)} expected, got '{config.Pooling}'"),
        };
        LevelRule rule = config.LevelFormula switch
        {
            "torchvision" => LevelRule.Torchvision,
            "detectron2" => LevelRule.Detectron2,
            _ => throw RcnnException.Usage($"model.roi.levelFormula: torchvision or detectron2 expected, got '{config.LevelFormula}'"),
        };
        return config.LevelScale is "inferred" or "fixed"
            ? new MultiScaleRoiPooling(side, side, pooling, config.CanonicalSize, config.CanonicalLevel, rule)
            : throw RcnnException.Usage($"model.roi.levelScale: inferred or fixed expected, got '{config.LevelScale}'");
    }

    /// <summary>
    /// Height and width of each image from which the pooling tells the scales of the maps: without padding, or padded as the backbone saw them, which gives its strides. The two differ
    /// for images of a few dozen pixels alone.
    /// </summary>
    internal static IReadOnlyList<(int Height, int Width)> Sizes(RoiConfig config, ImageBatch batch)
    {
        long[] padded = batch.Pixels.shape;
        return [.. batch.Sizes.Select(s => config.LevelScale == "fixed" ? ((int)padded[2], (int)padded[3]) : (s.Height, s.Width))];
    }
}
