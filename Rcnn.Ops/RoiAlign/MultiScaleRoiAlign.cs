using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary><see cref="MultiScaleRoiPooling"/> by RoIAlign: its constructor names what torchvision's does.</summary>
/// <param name="outputHeight">P_h ≥ 1</param>
/// <param name="outputWidth">P_w ≥ 1</param>
/// <param name="samplingRatio">As in <see cref="RoiAlign.Apply"/>.</param>
/// <param name="aligned">As in <see cref="RoiAlign.Apply"/>.</param>
/// <param name="canonicalSize">s₀, pixels</param>
/// <param name="canonicalLevel">k₀</param>
/// <param name="rule">Where the small constant sits.</param>
/// <param name="reduction">Mean or maximum of a bin's samples.</param>
public sealed class MultiScaleRoiAlign(int outputHeight, int outputWidth, int samplingRatio, bool aligned = false, double canonicalSize = 224,
    int canonicalLevel = 4, LevelRule rule = LevelRule.Torchvision, BinReduction reduction = BinReduction.Average)
{
    private readonly MultiScaleRoiPooling _pool = new(outputHeight, outputWidth, new RoiAlignPooling(samplingRatio, aligned, reduction), canonicalSize,
        canonicalLevel, rule);

    /// <summary><see cref="MultiScaleRoiPooling.Apply"/></summary>
    public Tensor Apply(IReadOnlyList<Tensor> features, IReadOnlyList<Tensor> boxes, IReadOnlyList<(int Height, int Width)> imageSizes,
        bool? channelsLastOutput = null) => _pool.Apply(features, boxes, imageSizes, channelsLastOutput);

    /// <summary><see cref="MultiScaleRoiPooling.Levels(IReadOnlyList{Tensor}, IReadOnlyList{double})"/></summary>
    public Tensor Levels(IReadOnlyList<Tensor> boxes, IReadOnlyList<double> scales) => _pool.Levels(boxes, scales);

    /// <summary><see cref="MultiScaleRoiPooling.InferScales"/></summary>
    public static double[] InferScales(IReadOnlyList<Tensor> features, IReadOnlyList<(int Height, int Width)> imageSizes) =>
        MultiScaleRoiPooling.InferScales(features, imageSizes);
}
