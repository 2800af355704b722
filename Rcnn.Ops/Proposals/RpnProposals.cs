using System.Globalization;
using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Limits of the proposal filter.</summary>
/// <param name="PreNms">Per level and image, anchors that enter NMS, by objectness.</param>
/// <param name="PostNms">Per image, proposals that leave it.</param>
/// <param name="NmsThreshold">IoU above which the lower score goes; levels are independent.</param>
/// <param name="ScoreThreshold">Lowest objectness probability, inclusive.</param>
/// <param name="MinSize">Lowest side length in pixels, inclusive: torchvision has 1e-3, py-faster-rcnn 16 × image scale. 0 keeps boxes without area; what Detectron2
/// calls 0, sides above 0, is any tiny number such as 1e-30.</param>
/// <param name="PostNmsPerLevel">Per level and image, proposals that leave NMS before the best over all levels are taken; Detectron had such a limit, the later ones do not.</param>
/// <param name="Extent">Inclusive, as in py-faster-rcnn: clipped to [0, W − 1] × [0, H − 1], sides one longer in the filter and in the IoU of NMS. How codes are decoded is
/// the coder's own extent.</param>
public sealed record ProposalLimits(
    int PreNms, int PostNms, double NmsThreshold = 0.7, double ScoreThreshold = 0, double MinSize = 1e-3, int PostNmsPerLevel = int.MaxValue,
    BoxExtent Extent = BoxExtent.HalfOpen);

/// <summary>Proposals of one image by falling score: [n,4] float32 boxes inside the image and [n] float32 objectness probabilities.</summary>
public sealed record ScoredProposals(Tensor Boxes, Tensor Scores) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Boxes.Dispose();
        Scores.Dispose();
    }
}

/// <summary>
/// From objectness and box codes to proposals (Ren et al. 2015, §3.3; per level: Lin et al. 2017): per level the best anchors, clipped to the image, without those that are
/// too small or improbable, NMS per level, the best over all levels. No gradient passes through.
/// </summary>
public static unsafe class RpnProposals
{
    /// <summary>Filters boxes that were decoded already.</summary>
    /// <param name="proposals">[B,N,4] float32, level after level</param>
    /// <param name="objectness">[B,N] float32 logits</param>
    /// <param name="anchorsPerLevel">Σ = N</param>
    /// <param name="imageSizes">Height and width of each image without padding, pixels; B entries</param>
    /// <param name="limits">How many and how good.</param>
    /// <param name="scales">Per image a factor on <see cref="ProposalLimits.MinSize"/>, so that it counts in pixels of the image before it was resized; null for 1.</param>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public static IReadOnlyList<ScoredProposals> Filter(Tensor proposals, Tensor objectness, IReadOnlyList<int> anchorsPerLevel,
        IReadOnlyList<(int Height, int Width)> imageSizes, ProposalLimits limits, IReadOnlyList<double>? scales = null)
    {
        if (KernelLauncher.For(objectness) is { } launcher)
        {
            return RpnProposalsCuda.Filter(launcher, proposals, objectness, anchorsPerLevel, imageSizes, limits, scales);
        }

        OperatorInput.Float32(proposals, nameof(proposals));
        OperatorInput.Matrix(objectness, nameof(objectness), "[B,N]");
        long batch = objectness.shape[0], count = objectness.shape[1];
        if (proposals.dim() != 3 || proposals.shape[0] != batch || proposals.shape[1] != count || proposals.shape[2] != 4)
        {
            throw new ArgumentException($"proposals [{batch},{count},4] expected, got {OperatorInput.Shape(proposals)}", nameof(proposals));
        }

        if (anchorsPerLevel.Sum(n => (long)n) != count)
        {
            throw new ArgumentException($"levels of {count} anchors in all expected, got [{string.Join(", ", anchorsPerLevel)}]", nameof(anchorsPerLevel));
        }

        using Tensor p = proposals.contiguous();
        using Tensor o = objectness.contiguous();
        float* boxes = (float*)Engine.Pointer(p), logits = (float*)Engine.Pointer(o);
        var levels = new Level[anchorsPerLevel.Count];
        long first = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = new Level((nint)(logits + first), count, (nint)(boxes + 4 * first), 4 * count, 0, anchorsPerLevel[i]);
            first += anchorsPerLevel[i];
        }

        return Run(levels, null, batch, imageSizes, limits, scales);
    }

    /// <summary>The same from codes: only the anchors that the pre-NMS limit lets through are ever decoded.</summary>
    /// <param name="objectness">Per level, float32 logits of B·n_l elements in the order image, row, column, anchor</param>
    /// <param name="codes">Per level, float32 of B·n_l·4 elements in the same order</param>
    /// <param name="anchors">Per level, [n_l,4] float32</param>
    /// <param name="coder">Decodes.</param>
    /// <param name="imageSizes">Height and width of each image without padding, pixels; B entries</param>
    /// <param name="limits">How many and how good.</param>
    /// <param name="scales">Per image a factor on <see cref="ProposalLimits.MinSize"/>, so that it counts in pixels of the image before it was resized; null for 1.</param>
    /// <exception cref="ArgumentException">Other types or numbers of elements.</exception>
    public static IReadOnlyList<ScoredProposals> Select(IReadOnlyList<Tensor> objectness, IReadOnlyList<Tensor> codes, IReadOnlyList<Tensor> anchors,
        BoxCoder coder, IReadOnlyList<(int Height, int Width)> imageSizes, ProposalLimits limits, IReadOnlyList<double>? scales = null)
    {
        if (objectness.Count != anchors.Count || codes.Count != anchors.Count)
        {
            throw new ArgumentException($"as many levels of each expected, got {objectness.Count} objectness, {codes.Count} codes, {anchors.Count} anchors");
        }

        if (objectness.Count > 0 && KernelLauncher.For(objectness[0]) is { } launcher)
        {
            return RpnProposalsCuda.Select(launcher, objectness, codes, anchors, coder, imageSizes, limits, scales);
        }

        var held = new List<Tensor>();
        try
        {
            long batch = imageSizes.Count;
            var levels = new Level[anchors.Count];
            for (int i = 0; i < levels.Length; i++)
            {
                OperatorInput.Boxes(anchors[i], $"anchors[{i}]");
                long n = anchors[i].shape[0];
                levels[i] = new Level(
                    Elements(objectness[i], $"objectness[{i}]", batch * n, held), n,
                    Elements(codes[i], $"codes[{i}]", batch * n * 4, held), 4 * n,
                    Elements(anchors[i], $"anchors[{i}]", 4 * n, held), checked((int)n));
            }

            return Run(levels, coder, batch, imageSizes, limits, scales);
        }
        finally
        {
            held.ForEach(t => t.Dispose());
        }
    }

    private static nint Elements(Tensor t, string name, long expected, List<Tensor> held)
    {
        OperatorInput.Float32(t, name);
        if (t.numel() != expected)
        {
            throw new ArgumentException($"{name} of {expected} elements expected, got {OperatorInput.Shape(t)}", name);
        }

        Tensor contiguous = t.contiguous();
        held.Add(contiguous);
        return Engine.Pointer(contiguous);
    }

    private static ScoredProposals[] Run(
        Level[] levels, BoxCoder? coder, long batch, IReadOnlyList<(int Height, int Width)> imageSizes, ProposalLimits limits, IReadOnlyList<double>? scales)
    {
        if (imageSizes.Count != batch)
        {
            throw new ArgumentException($"{batch} image sizes expected, got {imageSizes.Count}", nameof(imageSizes));
        }

        if (scales is not null && (scales.Count != batch || !scales.All(f => f > 0)))
        {
            throw new ArgumentException($"{batch} scales above 0 expected, got [{string.Join(", ", scales.Select(f => f.ToString(CultureInfo.InvariantCulture)))}]", nameof(scales));
        }

        OperatorInput.Positive(limits.PreNms, nameof(limits.PreNms));
        OperatorInput.Positive(limits.PostNms, nameof(limits.PostNms));
        OperatorInput.Positive(limits.PostNmsPerLevel, nameof(limits.PostNmsPerLevel));
        float extra = limits.Extent.Extra();
        if (levels.Length == 0)
        {
            throw new ArgumentException("one level or more expected, got 0", nameof(levels));
        }

        var boxes = new float[batch][];
        var scores = new float[batch][];
        ParallelLoop.Run((int)batch, b => (boxes[b], scores[b]) = Image(
            levels, coder, b, imageSizes[b], scales is null ? limits : limits with { MinSize = limits.MinSize * scales[b] }, extra));
        var result = new ScoredProposals[batch];
        for (int b = 0; b < batch; b++)
        {
            result[b] = new ScoredProposals(tensor(boxes[b], float32).reshape(boxes[b].Length / 4, 4), tensor(scores[b], float32));
        }

        return result;
    }

    private static (float[] Boxes, float[] Scores) Image(Level[] levels, BoxCoder? coder, int image, (int Height, int Width) size, ProposalLimits limits, float extra)
    {
        long capacity = levels.Sum(l => (long)Math.Min(l.Count, limits.PreNms));
        using var orders = new Scratch<int>(levels.Max(l => l.Count));
        using var boxes = new Scratch<float>(4 * capacity);
        using var scores = new Scratch<float>(capacity);
        using var classes = new Scratch<long>(capacity);
        int n = 0;
        for (int l = 0; l < levels.Length; l++)
        {
            Level level = levels[l];
            float* logits = (float*)level.Logits + image * level.LogitStep;
            float* source = (float*)level.Boxes + image * level.BoxStep;
            int taken = ScoreOrder.Top(logits, level.Count, limits.PreNms, orders.Pointer);
            for (int i = 0; i < taken; i++)
            {
                int anchor = orders.Pointer[i];
                float* box = boxes.Pointer + 4L * n;
                if (coder is null)
                {
                    new Span<float>(source + 4L * anchor, 4).CopyTo(new Span<float>(box, 4));
                }
                else
                {
                    coder.Decode(source + 4L * anchor, (float*)level.Anchors + 4L * anchor, box);
                }

                BoxOps.Clip(box, size, extra);
                float score = 1f / (1f + MathF.Exp(-logits[anchor]));
                if (BoxOps.IsLarge(box, (float)limits.MinSize, extra) && score >= (float)limits.ScoreThreshold)
                {
                    scores.Pointer[n] = score;
                    classes.Pointer[n++] = l;
                }
            }
        }

        using var keep = new Scratch<int>(n);
        bool perLevel = limits.PostNmsPerLevel < limits.PostNms;
        int kept = BatchedNms.Run(boxes.Pointer, scores.Pointer, classes.Pointer, n, limits.NmsThreshold, perLevel ? n : limits.PostNms, keep.Pointer, extra);
        if (perLevel)
        {
            kept = Thin(keep.Pointer, kept, classes.Pointer, levels.Length, limits);
        }

        var keptBoxes = new float[4 * kept];
        var keptScores = new float[kept];
        for (int i = 0; i < kept; i++)
        {
            int k = keep.Pointer[i];
            new Span<float>(boxes.Pointer + 4L * k, 4).CopyTo(keptBoxes.AsSpan(4 * i));
            keptScores[i] = scores.Pointer[k];
        }

        return (keptBoxes, keptScores);
    }

    // The first of each level, then the first of all, in place.
    private static int Thin(int* keep, int count, long* level, int levels, ProposalLimits limits)
    {
        var taken = new int[levels];
        int n = 0;
        for (int i = 0; i < count && n < limits.PostNms; i++)
        {
            if (taken[level[keep[i]]]++ < limits.PostNmsPerLevel)
            {
                keep[n++] = keep[i];
            }
        }

        return n;
    }

    /// <summary>Where a level lies in memory; steps lead from one image to the next, in floats.</summary>
    private readonly record struct Level(nint Logits, long LogitStep, nint Boxes, long BoxStep, nint Anchors, int Count);
}
