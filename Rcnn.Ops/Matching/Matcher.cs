using System.Globalization;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Assigns each anchor or proposal to a ground-truth box (Ren et al. 2015, §3.1.2). The best gt is taken where its IoU reaches
/// the high threshold; below the low one it is background (−1), between the two it is ignored (−2). The lowest gt index wins ties.
/// With low-quality matches allowed, each gt also gets every anchor that shares its highest IoU, however low, even 0; such an anchor
/// keeps the gt that is best for itself. Thresholds are compared in float32.
/// </summary>
public sealed class Matcher
{
    /// <summary>Background.</summary>
    public const long BelowLow = -1;

    /// <summary>Neither: ignored in the loss.</summary>
    public const long Between = -2;

    private readonly float _high, _low, _extra;
    private readonly bool _rescue;

    /// <param name="high">At or above: a match. In [0,1].</param>
    /// <param name="low">Below: background. At most <paramref name="high"/>.</param>
    /// <param name="allowLowQuality">Rescue the best anchors of each gt.</param>
    /// <param name="extent">Sides with or without +1 in the IoU.</param>
    /// <exception cref="ArgumentException"><paramref name="low"/> above <paramref name="high"/>, or NaN.</exception>
    public Matcher(double high, double low, bool allowLowQuality, BoxExtent extent = BoxExtent.HalfOpen)
    {
        if (!(low <= high))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"low ≤ high expected, got low {low}, high {high}"));
        }

        _extra = extent.Extra();
        (_high, _low, _rescue) = ((float)high, (float)low, allowLowQuality);
    }

    /// <summary>Matches from a given quality, for example an IoU with other rules.</summary>
    /// <param name="quality">[G,A] float32; row g holds the quality of gt g for each of A anchors. NaN counts as highest, as in torch.</param>
    /// <returns>[A] int64: gt index, −1 or −2. G = 0 gives −1 everywhere: an image without objects is background.</returns>
    /// <exception cref="ArgumentException">Not a float32 matrix.</exception>
    public unsafe Tensor Match(Tensor quality)
    {
        if (KernelLauncher.For(quality) is { } launcher)
        {
            return MatcherCuda.Match(launcher, null, null, quality, _extra, _high, _low, _rescue);
        }

        OperatorInput.Matrix(quality, nameof(quality), "[G,A]");
        using Tensor q = quality.contiguous();
        int truths = (int)q.shape[0], anchors = (int)q.shape[1];
        Tensor matches = full([anchors], BelowLow, int64);
        if (truths > 0 && anchors > 0)
        {
            MatcherCpu.FromQuality((float*)Engine.Pointer(q), truths, anchors, _high, _low, _rescue, (long*)Engine.Pointer(matches));
        }

        return matches;
    }

    /// <summary>Matches by IoU, computed on the way: the [G,A] matrix is never stored. The same result as <see cref="Match(Tensor)"/> of the IoU.</summary>
    /// <param name="anchors">[A,4] float32 (x1,y1,x2,y2)</param>
    /// <param name="truths">[G,4] float32 in the same coordinates; G = 0 gives −1 everywhere</param>
    /// <returns>[A] int64: gt index, −1 or −2</returns>
    /// <exception cref="ArgumentException">Not float32 [N,4].</exception>
    public unsafe Tensor Match(Tensor anchors, Tensor truths)
    {
        if (KernelLauncher.For(anchors) is { } launcher)
        {
            return MatcherCuda.Match(launcher, anchors, truths, null, _extra, _high, _low, _rescue);
        }

        OperatorInput.Boxes(anchors, nameof(anchors));
        OperatorInput.Boxes(truths, nameof(truths));
        using Tensor a = anchors.contiguous();
        using Tensor t = truths.contiguous();
        int count = (int)a.shape[0], truthCount = (int)t.shape[0];
        Tensor matches = full([count], BelowLow, int64);
        if (count > 0 && truthCount > 0)
        {
            MatcherCpu.Fused((float*)Engine.Pointer(a), count, (float*)Engine.Pointer(t), truthCount, _extra, _high, _low, _rescue, (long*)Engine.Pointer(matches));
        }

        return matches;
    }
}
