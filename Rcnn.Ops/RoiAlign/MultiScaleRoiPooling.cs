using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Where the small constant sits in the level rule.</summary>
public enum LevelRule
{
    /// <summary>⌊k₀ + log₂(√area / s₀) + 10⁻⁶⌋</summary>
    Torchvision,

    /// <summary>⌊k₀ + log₂(√area / s₀ + 10⁻⁸)⌋</summary>
    Detectron2,
}

/// <summary>
/// Pooling over a feature pyramid (Lin et al. 2017, eq. 1): a box of canonical size s₀ is pooled from level k₀, one of half the size a level finer. All in
/// float32. Differentiable in all maps.
/// </summary>
/// <param name="outputHeight">P_h ≥ 1</param>
/// <param name="outputWidth">P_w ≥ 1</param>
/// <param name="pooling">The operator applied on each level.</param>
/// <param name="canonicalSize">s₀, pixels</param>
/// <param name="canonicalLevel">k₀</param>
/// <param name="rule">Where the small constant sits.</param>
public sealed class MultiScaleRoiPooling(int outputHeight, int outputWidth, RoiPooling pooling, double canonicalSize = 224, int canonicalLevel = 4,
    LevelRule rule = LevelRule.Torchvision)
{
    /// <summary>Pools every box from the level that suits its size.</summary>
    /// <param name="features">From fine to coarse, [B,C,H_l,W_l] float32</param>
    /// <param name="boxes">Per image, [n,4] float32 in pixels of the padded batch. A box with a NaN or negative area has no level: its output is 0.</param>
    /// <param name="imageSizes">Height and width of each image <b>without</b> padding; the largest of each tells the scales.</param>
    /// <param name="channelsLastOutput">Memory layout of the result; null takes that of the first map</param>
    /// <returns>[Σ n,C,P_h,P_w] float32, image after image</returns>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public Tensor Apply(IReadOnlyList<Tensor> features, IReadOnlyList<Tensor> boxes, IReadOnlyList<(int Height, int Width)> imageSizes,
        bool? channelsLastOutput = null)
    {
        if (features.Count > 0 && RoiPoolingCuda.For(pooling, features[0]) is { } launcher)
        {
            return RoiPoolingCuda.Pyramid(launcher, pooling, features, boxes, InferScales(features, imageSizes), Rule, outputHeight, outputWidth, channelsLastOutput);
        }

        if (features.Count > 0 && CpuDetour.Needed(features[0]))
        {
            return CpuDetour.Run(t => Apply(t[..features.Count], t[features.Count..], imageSizes, channelsLastOutput), [.. features, .. boxes]);
        }

        OperatorInput.Positive(outputHeight, nameof(outputHeight));
        OperatorInput.Positive(outputWidth, nameof(outputWidth));
        for (int i = 0; i < features.Count; i++)
        {
            OperatorInput.Features(features[i], $"features[{i}]");
            if (features[i].shape[0] != boxes.Count || features[i].shape[1] != features[0].shape[1])
            {
                throw new ArgumentException($"features[{i}] [{boxes.Count},{features[0].shape[1]},H,W] expected, got {OperatorInput.Shape(features[i])}", nameof(features));
            }
        }

        double[] scales = InferScales(features, imageSizes);
        float[] rois = Rois(boxes);
        int count = rois.Length / 5;
        int[] level = Levels(rois, scales);
        var levels = new RoiLevel[features.Count];
        for (int l = 0; l < levels.Length; l++)
        {
            int[] rows = Enumerable.Range(0, count).Where(k => level[k] == l).ToArray();
            float[] own = new float[5 * rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                rois.AsSpan(5 * rows[i], 5).CopyTo(own.AsSpan(5 * i));
            }

            levels[l] = new RoiLevel((float)scales[l], own, rows);
        }

        return pooling.Pool(features, levels, count, outputHeight, outputWidth, channelsLastOutput ?? RoiLayout.IsChannelsLast(features[0]));
    }

    /// <summary>The level, 0 for the finest, that each box is pooled from; −1 for none.</summary>
    /// <param name="boxes">Per image, [n,4] float32</param>
    /// <param name="scales">Of each level, as <see cref="InferScales"/> tells.</param>
    /// <returns>[Σ n] int64</returns>
    public Tensor Levels(IReadOnlyList<Tensor> boxes, IReadOnlyList<double> scales) =>
        boxes.Count > 0 && KernelLauncher.For(boxes[0]) is { } launcher
            ? RoiPoolingCuda.Levels(launcher, boxes, scales, Rule, boxes[0]).Levels.to(int64)
            : tensor(Levels(Rois(boxes), scales).Select(l => (long)l).ToArray(), int64);

    private PyramidLevels Rule => new(canonicalSize, canonicalLevel, rule);

    /// <summary>Feature cells per pixel of each level: the power of two nearest to map height / largest image height.</summary>
    /// <exception cref="ArgumentException">No map or no image.</exception>
    public static double[] InferScales(IReadOnlyList<Tensor> features, IReadOnlyList<(int Height, int Width)> imageSizes)
    {
        if (features.Count == 0 || imageSizes.Count == 0)
        {
            throw new ArgumentException($"at least one map and one image expected, got {features.Count} and {imageSizes.Count}");
        }

        int height = imageSizes.Max(s => s.Height);
        return features.Select(f => Math.Pow(2, MathF.Round(MathF.Log2((float)((double)f.shape[2] / height)), MidpointRounding.ToEven))).ToArray();
    }

    private static unsafe float[] Rois(IReadOnlyList<Tensor> boxes)
    {
        for (int image = 0; image < boxes.Count; image++)
        {
            OperatorInput.Boxes(boxes[image], $"boxes[{image}]");
        }

        var rois = new float[5 * boxes.Sum(b => b.shape[0])];
        int at = 0;
        for (int image = 0; image < boxes.Count; image++)
        {
            using Tensor own = boxes[image].contiguous();
            float* p = (float*)Engine.Pointer(own);
            for (long i = own.shape[0]; i > 0; i--, p += 4, at += 5)
            {
                rois[at] = image;
                new ReadOnlySpan<float>(p, 4).CopyTo(rois.AsSpan(at + 1));
            }
        }

        return rois;
    }

    private int[] Levels(float[] rois, IReadOnlyList<double> scales)
    {
        var levels = new int[rois.Length / 5];
        int finest = (int)-Math.Log2(scales[0]), coarsest = (int)-Math.Log2(scales[^1]);
        for (int k = 0; k < levels.Length; k++)
        {
            ReadOnlySpan<float> r = rois.AsSpan(5 * k, 5);
            float side = MathF.Sqrt((r[3] - r[1]) * (r[4] - r[2])) / (float)canonicalSize;
            float level = MathF.Floor(rule == LevelRule.Torchvision
                ? canonicalLevel + MathF.Log2(side) + 1e-6f
                : canonicalLevel + MathF.Log2(side + 1e-8f));
            levels[k] = scales.Count == 1 ? 0 : float.IsNaN(level) ? -1 : (int)Math.Clamp(level, finest, coarsest) - finest;
        }

        return levels;
    }
}
