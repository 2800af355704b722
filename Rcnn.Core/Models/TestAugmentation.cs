using System.Globalization;

namespace Rcnn.Core.Models;

/// <summary>
/// Which copies of an image a detector looks at, and how their detections become one answer. The default is one copy as it is: plain detection.
/// </summary>
public sealed record TestAugmentation
{
    /// <summary>Names for <see cref="Fusion"/>.</summary>
    public static IReadOnlyList<string> Fusions { get; } = ["nms", "soft-nms", "wbf", "pyramid"];

    /// <summary>Factors on <see cref="InputConfig.MinSize"/> and <see cref="InputConfig.MaxSize"/>, one copy each.</summary>
    public double[] Scales { get; init; } = [1];

    /// <summary>A mirrored copy beside each.</summary>
    public bool Flip { get; init; }

    /// <summary>
    /// nms; soft-nms: scores decay linearly beside better boxes (Bodla et al. 2017); wbf: weighted box fusion (Solovyev et al. 2021). Each within a class.
    /// pyramid, of a model that takes its regions from outside: nothing is fused, each region is looked at in the scale where its area is nearest to 224² pixels.
    /// </summary>
    public string Fusion { get; init; } = "nms";

    /// <summary>IoU above which boxes of two copies are one object (soft-nms: decay); null takes the detector's own for nms, 0.3 for soft-nms, 0.55 for wbf.</summary>
    public double? Threshold { get; init; }

    /// <summary>How many copies.</summary>
    internal int Copies => Scales.Length * (Flip ? 2 : 1);

    /// <exception cref="RcnnException">A value out of range, or scales for a detector whose input has one size whatever the image. Exit code 2.</exception>
    public void Validate(DetectorConfig detector)
    {
        string given = string.Join(",", Scales.Select(s => s.ToString(CultureInfo.InvariantCulture)));
        if (Scales.Length == 0 || !Scales.All(s => s > 0 && s <= 8 && Math.Round(s * detector.Input.MinSize) >= 1) || Scales.Distinct().Count() != Scales.Length)
        {
            throw RcnnException.Usage($"test scales: one or more different factors in (0,8] expected, got [{given}]");
        }

        if (detector.Input.FixedSize is not null && Scales is not [1])
        {
            throw RcnnException.Usage($"test scales: 1 alone expected where model.input.fixedSize is set, got [{given}]");
        }

        if (!Fusions.Contains(Fusion))
        {
            throw RcnnException.Usage($"fusion: one of {string.Join(", ", Fusions)} expected, got '{Fusion}'");
        }

        if (Fusion == "pyramid" && (Flip || Threshold is not null || !DetectorFactory.NeedsProposals(detector)))
        {
            throw RcnnException.Usage($"fusion pyramid: a model that takes its regions from outside, without flip and threshold, expected; got {detector.Assembly}{(Flip ? ", flip" : "")}{(Threshold is null ? "" : ", threshold")}");
        }

        if (Threshold is { } threshold && !(threshold >= 0 && threshold <= 1))
        {
            throw RcnnException.Usage($"fusion threshold: a value in [0,1] expected, got {threshold.ToString(CultureInfo.InvariantCulture)}");
        }
    }
}
