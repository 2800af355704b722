using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Where the cells of a warped RoI are sampled.</summary>
public enum WarpGrid
{
    /// <summary>
    /// x₁ + (x₂ − x₁)·u / W′ for u = 0 … W′ − 1; the map goes on with zeros, so a sample within a cell of the border fades (Dai et al. 2016, eq. 3).
    /// </summary>
    Edges,

    /// <summary>
    /// x₁ + (x₂ − x₁)·u / (W′ − 1), both corners included, the middle when W′ = 1; a sample outside [0, W − 1] is 0. TensorFlow's crop_and_resize: its
    /// normalised box times W − 1 (H − 1) is this RoI in cells.
    /// </summary>
    Corners,
}

/// <summary>
/// RoIWarp (Dai et al. 2016, §3.2), also crop-and-resize: the RoI is resampled bilinearly to (s·P_h)×(s·P_w) cells and pooled s×s. Differentiable in the features, not
/// in the boxes. RoIWarp as compared with RoIAlign by He et al. 2017, table 2c, rounds the RoI: <c>quantized</c>.
/// </summary>
public static class RoiWarp
{
    /// <param name="input">[B,C,H,W] float32 features, contiguous or channels-last</param>
    /// <param name="rois">[K,5] float32 (image index, x1, y1, x2, y2) in pixels; K = 0 gives an empty result. Inverted boxes are sampled backwards, that is
    /// mirrored; quantized ones are at least one cell long. NaN coordinates give 0.</param>
    /// <param name="pooledHeight">P_h ≥ 1</param>
    /// <param name="pooledWidth">P_w ≥ 1</param>
    /// <param name="spatialScale">Feature cells per pixel.</param>
    /// <param name="grid">Where the warped cells are sampled.</param>
    /// <param name="samples">s ≥ 1; 1 is crop-and-resize without pooling.</param>
    /// <param name="reduction">How s×s warped cells become one.</param>
    /// <param name="quantized">Round the RoI to whole cells first, half away from zero.</param>
    /// <param name="channelsLastOutput">Memory layout of the result; null takes that of <paramref name="input"/></param>
    /// <returns>[K,C,P_h,P_w] float32</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or an image index outside the batch.</exception>
    public static Tensor Apply(Tensor input, Tensor rois, int pooledHeight, int pooledWidth, double spatialScale, WarpGrid grid = WarpGrid.Edges,
        int samples = 2, BinReduction reduction = BinReduction.Max, bool quantized = false, bool? channelsLastOutput = null) =>
        new RoiWarpPooling(grid, samples, reduction, quantized).Apply(input, rois, pooledHeight, pooledWidth, spatialScale, channelsLastOutput);
}
