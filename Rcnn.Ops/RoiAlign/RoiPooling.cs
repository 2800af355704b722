using Rcnn.Ops.Kernels;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// How a region becomes a grid of fixed size: the one setting by which a detector changes from RoIAlign to RoIPool or RoIWarp (He et al. 2017, table 2c).
/// </summary>
public abstract record RoiPooling
{
    private protected RoiPooling()
    {
    }

    /// <summary>Pools RoIs from one map. Differentiable in the features.</summary>
    /// <param name="input">[B,C,H,W] float32 features, contiguous or channels-last</param>
    /// <param name="rois">[K,5] float32 (image index, x1, y1, x2, y2) in pixels; K = 0 gives an empty result.</param>
    /// <param name="pooledHeight">P_h ≥ 1</param>
    /// <param name="pooledWidth">P_w ≥ 1</param>
    /// <param name="spatialScale">Feature cells per pixel.</param>
    /// <param name="channelsLastOutput">Memory layout of the result; null takes that of <paramref name="input"/></param>
    /// <returns>[K,C,P_h,P_w] float32</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or an image index outside the batch.</exception>
    public Tensor Apply(Tensor input, Tensor rois, int pooledHeight, int pooledWidth, double spatialScale, bool? channelsLastOutput = null)
    {
        if (RoiPoolingCuda.For(this, input) is { } launcher)
        {
            return RoiPoolingCuda.Apply(launcher, this, input, rois, pooledHeight, pooledWidth, spatialScale, channelsLastOutput);
        }

        if (CpuDetour.Needed(input))
        {
            return CpuDetour.Run(t => Apply(t[0], t[1], pooledHeight, pooledWidth, spatialScale, channelsLastOutput), input, rois);
        }

        OperatorInput.Features(input, nameof(input));
        OperatorInput.RoiShape(rois, nameof(rois));
        OperatorInput.Positive(pooledHeight, nameof(pooledHeight));
        OperatorInput.Positive(pooledWidth, nameof(pooledWidth));
        float[] regions = OperatorInput.Rois(rois, nameof(rois), input.shape[0]);
        return Pool([input], [new RoiLevel((float)spatialScale, regions, null)], regions.Length / 5, pooledHeight, pooledWidth,
            channelsLastOutput ?? RoiLayout.IsChannelsLast(input));
    }

    internal abstract Tensor Pool(IReadOnlyList<Tensor> maps, RoiLevel[] levels, int rows, int height, int width, bool channelsLastOutput);
}

/// <summary><see cref="RoiAlign"/></summary>
/// <param name="SamplingRatio">Samples per bin and axis; 0 or less: ⌈side / bins⌉ for each RoI</param>
/// <param name="Aligned">Shift by half a cell; false is the original rule.</param>
/// <param name="Reduction">Mean or maximum of a bin's samples.</param>
public sealed record RoiAlignPooling(int SamplingRatio = 2, bool Aligned = false, BinReduction Reduction = BinReduction.Average) : RoiPooling
{
    internal override Tensor Pool(IReadOnlyList<Tensor> maps, RoiLevel[] levels, int rows, int height, int width, bool channelsLastOutput) =>
        RoiAlignFunction.apply([new RoiAlignPlan(new RoiAlignSettings(height, width, 1, SamplingRatio, Aligned, Reduction), levels, rows, channelsLastOutput), .. maps]);
}

/// <summary><see cref="RoiPool"/></summary>
/// <param name="Rounding">How corners become whole cells.</param>
public sealed record RoiMaxPooling(RoiRounding Rounding = RoiRounding.HalfAwayFromZero) : RoiPooling
{
    internal override Tensor Pool(IReadOnlyList<Tensor> maps, RoiLevel[] levels, int rows, int height, int width, bool channelsLastOutput) =>
        RoiPoolFunction.apply([new RoiPoolPlan(levels, rows, height, width, Rounding, channelsLastOutput), .. maps]);
}

/// <summary><see cref="RoiWarp"/></summary>
/// <param name="Grid">Where the warped cells are sampled.</param>
/// <param name="Samples">s ≥ 1: warps to (s·P_h)×(s·P_w) cells, then pools s×s of them.</param>
/// <param name="Reduction">How s×s warped cells become one.</param>
/// <param name="Quantized">Round the RoI to whole cells first, as RoIPool does.</param>
public sealed record RoiWarpPooling(WarpGrid Grid = WarpGrid.Edges, int Samples = 2, BinReduction Reduction = BinReduction.Max, bool Quantized = false) : RoiPooling
{
    internal override Tensor Pool(IReadOnlyList<Tensor> maps, RoiLevel[] levels, int rows, int height, int width, bool channelsLastOutput)
    {
        OperatorInput.Positive(Samples, nameof(Samples));
        SampleRule rule = Grid == WarpGrid.Edges ? SampleRule.Edges : SampleRule.Corners;
        var settings = new RoiAlignSettings(height, width, 1, Samples, Aligned: false, Reduction, rule, Quantized);
        return RoiAlignFunction.apply([new RoiAlignPlan(settings, levels, rows, channelsLastOutput), .. maps]);
    }
}
