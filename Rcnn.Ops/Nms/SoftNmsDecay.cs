using System.Globalization;

namespace Rcnn.Ops;

/// <summary>How much of a score is left beside a better box that overlaps by an IoU (Bodla et al. 2017, §3).</summary>
public abstract class SoftNmsDecay
{
    private SoftNmsDecay()
    {
    }

    /// <summary>1 − IoU where the IoU is above the threshold, else 1.</summary>
    /// <param name="threshold">IoU in [0,1]; the paper takes 0.3. An IoU at the threshold does not decay, as in the authors' code.</param>
    /// <exception cref="ArgumentException">Outside [0,1].</exception>
    public static SoftNmsDecay Linear(double threshold = 0.3) =>
        threshold is >= 0 and <= 1 ? new LinearDecay(threshold) : throw Refused("threshold in [0,1]", threshold);

    /// <summary>exp(−IoU²/σ).</summary>
    /// <param name="sigma">σ &gt; 0; the paper takes 0.5.</param>
    /// <exception cref="ArgumentException">Not positive and finite.</exception>
    public static SoftNmsDecay Gaussian(double sigma = 0.5) =>
        sigma > 0 && double.IsFinite(sigma) ? new GaussianDecay(sigma) : throw Refused("sigma > 0", sigma);

    /// <summary>An IoU up to this changes nothing.</summary>
    internal abstract float HarmlessIou { get; }

    /// <summary>The factor for an IoU above <see cref="HarmlessIou"/>.</summary>
    internal abstract float Factor(float iou);

    private static ArgumentException Refused(string expected, double got) => new(string.Create(CultureInfo.InvariantCulture, $"{expected} expected, got {got}"));

    private sealed class LinearDecay(double threshold) : SoftNmsDecay
    {
        internal override float HarmlessIou { get; } = NmsCpu.LargestNotAbove(threshold);

        // An IoU above 1, from rounding or inverted boxes, leaves nothing.
        internal override float Factor(float iou) => MathF.Max(1f - iou, 0f);
    }

    private sealed class GaussianDecay(double sigma) : SoftNmsDecay
    {
        private readonly float _rate = (float)(-1 / sigma);

        internal override float HarmlessIou => 0;

        internal override float Factor(float iou) => MathF.Exp(iou * iou * _rate);
    }
}
