using Rcnn.Ops;

namespace Rcnn.Core.Models;

/// <summary>The operators behind the settings of boxes, anchors and masks.</summary>
public static class BoxSettings
{
    /// <exception cref="RcnnException">An unknown name.</exception>
    public static BoxExtent Extent(string field, string name) => name switch
    {
        "half-open" => BoxExtent.HalfOpen,
        "inclusive" => BoxExtent.Inclusive,
        _ => throw RcnnException.Usage($"{field}: half-open or inclusive expected, got '{name}'"),
    };

    /// <summary>How <see cref="OutputConfig.MaskPaste"/> stretches masks over their boxes.</summary>
    /// <exception cref="RcnnException">An unknown name.</exception>
    public static MaskPasteConvention Paste(OutputConfig config) => config.MaskPaste switch
    {
        "torchvision" => MaskPasteConvention.Torchvision,
        "detectron2" => MaskPasteConvention.Detectron2,
        _ => throw RcnnException.Usage($"model.output.maskPaste: torchvision or detectron2 expected, got '{config.MaskPaste}'"),
    };

    /// <param name="maxGrowth">Factor by which a side may grow; null: any.</param>
    /// <exception cref="RcnnException">A factor below 1.</exception>
    public static BoxCoder Coder(string stage, double[] weights, double? maxGrowth, string extent) => maxGrowth is { } factor and not >= 1
        ? throw RcnnException.Usage(FormattableString.Invariant($"{stage}.maxGrowth: a factor of 1 or more, or null, expected, got {factor}"))
        : new BoxCoder(weights, maxGrowth is { } limit ? Math.Log(limit) : BoxCoder.NoClip, Extent(stage + ".boxExtent", extent));

    /// <exception cref="RcnnException">An unknown name.</exception>
    public static AnchorConvention Anchors(AnchorConfig config) => new(
        config.Rounding switch
        {
            "half-even" => AnchorRounding.HalfToEven,
            "none" => AnchorRounding.None,
            "caffe" => AnchorRounding.Caffe2015,
            _ => throw RcnnException.Usage($"model.rpn.anchors.rounding: half-even, none or caffe expected, got '{config.Rounding}'"),
        },
        config.Order switch
        {
            "ratio-major" => AnchorOrder.RatioMajor,
            "size-major" => AnchorOrder.SizeMajor,
            _ => throw RcnnException.Usage($"model.rpn.anchors.order: ratio-major or size-major expected, got '{config.Order}'"),
        });
}
