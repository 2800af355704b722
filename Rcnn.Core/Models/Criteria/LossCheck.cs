using System.Globalization;

namespace Rcnn.Core.Models;

/// <summary>What can be said about losses, samplers and the proposal filter before any work.</summary>
internal static class LossCheck
{
    private static readonly string[] BoxKinds = ["smooth-l1", "l1", "balanced-l1", "giou", "diou", "ciou"];

    /// <exception cref="RcnnException">An unknown kind, with the nearest known one, or a number out of range; names field and value. Exit code 2.</exception>
    public static void Run(DetectorConfig config)
    {
        Class("rpn.classLoss", config.Rpn.ClassLoss, ["cross-entropy", "focal-sigmoid", "ohem"]);
        Class("roi.classLoss", config.Roi.ClassLoss, ["cross-entropy", "focal-softmax", "focal-sigmoid", "ohem"]);
        Box("rpn.boxLoss", config.Rpn.BoxLoss);
        Box("roi.boxLoss", config.Roi.BoxLoss);
        NearestName.Require("rpn.sampler", config.Rpn.Sampler, ["balanced", "all"]);
        NearestName.Require("roi.sampler", config.Roi.Sampler, ["balanced", "class-balanced", "iou-balanced", "all"]);
        NearestName.Require("lossWeighting", config.LossWeighting, ["fixed", "uncertainty"]);
        Within("roi.backgroundIouLow", config.Roi.BackgroundIouLow, 0, config.Roi.BackgroundIou);
        NotNegative("rpn.minSize", config.Rpn.MinSize);
        if (config.Rpn.PostNmsPerLevel is < 1)
        {
            throw RcnnException.Usage($"rpn.postNmsPerLevel={config.Rpn.PostNmsPerLevel}: expected a positive number or null");
        }

        NotNegative("rpn.objectnessLossWeight", config.Rpn.ObjectnessLossWeight);
        NotNegative("rpn.boxLossWeight", config.Rpn.BoxLossWeight);
        NotNegative("roi.classLossWeight", config.Roi.ClassLossWeight);
        NotNegative("roi.boxLossWeight", config.Roi.BoxLossWeight);
        NotNegative("roi.mask.lossWeight", config.Roi.Mask.LossWeight);
    }

    private static void Class(string field, ClassLossConfig loss, string[] kinds)
    {
        NearestName.Require(field + ".kind", loss.Kind, kinds);
        Within(field + ".focalAlpha", loss.FocalAlpha, 0, 1);
        NotNegative(field + ".focalGamma", loss.FocalGamma);
        if (loss.FocalPrior is { } prior && !(prior > 0 && prior < 1))
        {
            throw RcnnException.Usage(string.Create(CultureInfo.InvariantCulture, $"{field}.focalPrior={prior}: expected a value in (0,1) or null"));
        }

        Within(field + ".ohemNms", loss.OhemNms, 0, 1);
    }

    private static void Box(string field, BoxLossConfig loss)
    {
        NearestName.Require(field + ".kind", loss.Kind, BoxKinds);
        NearestName.Require(field + ".normalizer", loss.Normalizer, ["samples", "foreground", "batch"]);
        NotNegative(field + ".beta", loss.Beta);
        if (loss.Kind == "balanced-l1")
        {
            Positive(field + ".beta", loss.Beta);
            Positive(field + ".balancedAlpha", loss.BalancedAlpha);
            Positive(field + ".balancedGamma", loss.BalancedGamma);
            Within(field + ".balancedGamma/balancedAlpha", loss.BalancedGamma / loss.BalancedAlpha, 0, 80);
        }
    }

    private static void Within(string field, double value, double low, double high)
    {
        if (!(value >= low && value <= high))
        {
            throw RcnnException.Usage(string.Create(CultureInfo.InvariantCulture, $"{field}={value}: expected a value in [{low},{high}]"));
        }
    }

    private static void NotNegative(string field, double value)
    {
        if (!(value >= 0 && double.IsFinite(value)))
        {
            throw RcnnException.Usage(string.Create(CultureInfo.InvariantCulture, $"{field}={value}: expected a number that is not negative"));
        }
    }

    private static void Positive(string field, double value)
    {
        if (!(value > 0 && double.IsFinite(value)))
        {
            throw RcnnException.Usage(string.Create(CultureInfo.InvariantCulture, $"{field}={value}: expected a positive number"));
        }
    }
}
