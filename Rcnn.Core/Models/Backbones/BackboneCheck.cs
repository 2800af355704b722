using System.Globalization;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// Settings of a backbone that the one named has no use for. Asked before a run is begun, not where a detector is built: what old runs have in their config.json stays readable.
/// </summary>
internal static class BackboneCheck
{
    private static readonly BackboneConfig Usual = new();

    /// <exception cref="RcnnException">A setting away from its default that would change nothing; names it, its value and the backbone. Exit code 2.</exception>
    public static void Unused(BackboneConfig config)
    {
        string name = config.Name;
        bool mobile = Is("mobilenet"), plain = Is("alexnet") || Is("vgg") || Is("squeezenet"), residual = !mobile && !plain;
        if (!BackboneFactory.IsNormalised(name))
        {
            Same("norm", config.Norm, Usual.Norm, $"{name} has no normalisation");
            Same("normEps", config.NormEps, Usual.NormEps, $"{name} has no normalisation");
        }

        if (config.Norm != "gn" || !BackboneFactory.IsNormalised(name))
        {
            Same("normGroups", config.NormGroups, Usual.NormGroups, "the normalisation is not by groups (model.backbone.norm)");
        }

        if (config.Norm != "bn" || !BackboneFactory.IsNormalised(name))
        {
            Same("normMomentum", config.NormMomentum, Usual.NormMomentum, "no statistics are learnt (model.backbone.norm)");
        }

        if (!residual)
        {
            Same("block", config.Block, Usual.Block, $"{name} is no ResNet");
            Same("layers", config.Layers is null ? null : $"[{string.Join(",", config.Layers)}]", null, $"{name} is no ResNet");
            Same("baseWidth", config.BaseWidth, Usual.BaseWidth, $"{name} is no ResNet");
        }

        if (!mobile)
        {
            Same("widthMultiplier", config.WidthMultiplier, Usual.WidthMultiplier, $"{name} is no MobileNet");
        }

        if (!Is("mobilenet_v3"))
        {
            Same("reducedTail", config.ReducedTail, Usual.ReducedTail, $"{name} is no MobileNetV3");
        }

        if (residual && config.Fpn)
        {
            Same("lastBlock", config.LastBlock, Usual.LastBlock, $"the pyramid takes all stages of {name} (model.backbone.fpn)");
        }

        if (!config.Fpn)
        {
            string reason = $"{name} stands without a pyramid (model.backbone.fpn)";
            Same("fpnChannels", config.FpnChannels, Usual.FpnChannels, reason);
            Same("pyramid.stages", config.Pyramid.Stages, Usual.Pyramid.Stages, reason);
            Same("pyramid.topDown", config.Pyramid.TopDown, Usual.Pyramid.TopDown, reason);
            Same("pyramid.lateral", config.Pyramid.Lateral, Usual.Pyramid.Lateral, reason);
            Same("pyramid.finestOnly", config.Pyramid.FinestOnly, Usual.Pyramid.FinestOnly, reason);
            Same("pyramid.extra", config.Pyramid.Extra, Usual.Pyramid.Extra, reason);
            Same("pyramid.norm", config.Pyramid.Norm, Usual.Pyramid.Norm, reason);
        }

        bool Is(string family) => name.StartsWith(family, StringComparison.Ordinal);
    }

    private static void Same(string field, object? value, object? usual, string reason)
    {
        if (!Equals(value, usual))
        {
            throw RcnnException.Usage($"model.backbone.{field}={Text(value)}: would change nothing, as {reason}; expected {Text(usual)}");
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
