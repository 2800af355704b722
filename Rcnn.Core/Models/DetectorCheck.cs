using Rcnn.Core.Settings;

namespace Rcnn.Core.Models;

/// <summary>What can be said about the settings of a model before it is built: each by itself, and what they must be to each other.</summary>
internal static class DetectorCheck
{
    /// <exception cref="RcnnException">A setting out of range; names it as <c>--set</c> does, its value and what is expected. Exit code 2.</exception>
    public static void Run(DetectorConfig config)
    {
        SettingsCheck.Run(config, "model.");
        (InputConfig input, RpnConfig rpn, RoiConfig roi) = (config.Input, config.Rpn, config.Roi);
        Require(input.MaxSize >= input.MinSize, "model.input.maxSize", input.MaxSize, $"model.input.minSize ({input.MinSize}) or more");
        Require(rpn.BackgroundIou <= rpn.ForegroundIou, "model.rpn.foregroundIou", rpn.ForegroundIou, Text($"model.rpn.backgroundIou ({rpn.BackgroundIou}) or more"));
        Require(roi.BackgroundIou <= roi.ForegroundIou, "model.roi.foregroundIou", roi.ForegroundIou, Text($"model.roi.backgroundIou ({roi.BackgroundIou}) or more"));
        Require(roi.BackgroundIouLow <= roi.BackgroundIou, "model.roi.backgroundIouLow", roi.BackgroundIouLow, Text($"a value in [0,{roi.BackgroundIou}]"));
        Require(
            !rpn.SharedHead || rpn.Anchors.Sizes.All(row => row.Length == rpn.Anchors.Sizes[0].Length),
            "model.rpn.anchors.sizes", rpn.Anchors.Sizes, "as many sizes on every level, as the levels share one head (model.rpn.sharedHead)");
        Require(roi.Pooling != "warp" || roi.SamplingRatio >= 1, "model.roi.samplingRatio", roi.SamplingRatio, "1 or more with model.roi.pooling=warp");
        Require(roi.Dropout == 0 || (roi.Head == "fc" && config.Assembly != "rcnn"), "model.roi.dropout", roi.Dropout, config.Assembly == "rcnn"
            ? "0 with rcnn, whose layers have a dropout of their own"
            : $"0 with model.roi.head={roi.Head}, as fc alone has the layers");
        Balanced("model.rpn.boxLoss", rpn.BoxLoss);
        Balanced("model.roi.boxLoss", roi.BoxLoss);
    }

    private static void Balanced(string key, BoxLossConfig loss)
    {
        if (loss.Kind == "balanced-l1")
        {
            Require(loss.Beta > 0, key + ".beta", loss.Beta, "a positive number with balanced-l1");
            Require(loss.BalancedGamma / loss.BalancedAlpha <= 80, key + ".balancedGamma", loss.BalancedGamma, Text($"at most 80 times balancedAlpha ({loss.BalancedAlpha})"));
        }
    }

    private static void Require(bool holds, string key, object value, string expected)
    {
        if (!holds)
        {
            throw SettingsCheck.Refused(key, value, expected);
        }
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
