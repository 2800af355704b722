using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// RoIAlign (He et al. 2017, §3): each bin of a RoI is the mean, or the maximum, of bilinear samples on a regular grid. Differentiable in the features.
/// Channels-last features are read as they lie; contiguous ones are served through one pass into channels-last.
/// </summary>
public static class RoiAlign
{
    /// <param name="input">[B,C,H,W] float32 features, contiguous or channels-last</param>
    /// <param name="rois">[K,5] float32 (image index, x1, y1, x2, y2) in pixels; K = 0 gives an empty result. Boxes may leave the map: samples more than one
    /// cell outside count as 0. Inverted boxes become one cell wide (legacy) or are sampled as they stand (aligned). NaN coordinates give 0.</param>
    /// <param name="pooledHeight">P_h ≥ 1</param>
    /// <param name="pooledWidth">P_w ≥ 1</param>
    /// <param name="spatialScale">Feature cells per pixel.</param>
    /// <param name="samplingRatio">Samples per bin and axis; 0 or less: ⌈side / bins⌉ for each RoI</param>
    /// <param name="aligned">Shift by half a cell (Detectron2's correction); false is the original rule</param>
    /// <param name="channelsLastOutput">Memory layout of the result; null takes that of <paramref name="input"/></param>
    /// <param name="reduction">Mean or maximum of a bin's samples</param>
    /// <returns>[K,C,P_h,P_w] float32</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or an image index outside the batch.</exception>
    public static Tensor Apply(Tensor input, Tensor rois, int pooledHeight, int pooledWidth, double spatialScale, int samplingRatio, bool aligned,
        bool? channelsLastOutput = null, BinReduction reduction = BinReduction.Average) =>
        new RoiAlignPooling(samplingRatio, aligned, reduction).Apply(input, rois, pooledHeight, pooledWidth, spatialScale, channelsLastOutput);
}
