using System.Globalization;
using System.Text.Json;

namespace Rcnn.Core.Models;

/// <summary>
/// What "the same as" torchvision, Detectron2 or py-faster-rcnn of 2015 means, row by row. A row stands for settings of the configuration and nothing
/// else: setting it to a profile writes that profile's values, later settings may change them again.
/// </summary>
public static class Convention
{
    /// <summary>Names of the profiles; the first is the default.</summary>
    public static IReadOnlyList<string> Profiles { get; } = ["torchvision", "detectron2", "caffe2015"];

    /// <summary>All rows, in the order in which an image passes through them.</summary>
    public static IReadOnlyList<ConventionRow> Rows { get; } =
    [
        new("input", "channels, mean, std", (c, p) => c with { Input = Pixels(c.Input, p) },
            c => Text($"{c.Input.Channels}, mean {List(c.Input.Mean)}, std {List(c.Input.Std)}")),
        new("resize", "resize and padding", (c, p) => c with
        {
            Input = c.Input with
            {
                Resize = p switch { "detectron2" => "pil", "caffe2015" => "cv2", _ => "float" },
                SizeDivisible = p == "torchvision" || (p == "detectron2" && c.Backbone.Fpn) ? 32 : 1,
            },
        }, c => Text($"{c.Input.Resize}, padded to {c.Input.SizeDivisible}"), Batches),
        new("sizes", "shorter and longer side", (c, p) => c with
        {
            Input = p == "caffe2015" ? c.Input with { MinSize = 600, MaxSize = 1000 } : c.Input with { MinSize = 800, MaxSize = 1333 },
        }, c => Text($"{c.Input.MinSize}, {c.Input.MaxSize}"), Batches),
        new("anchors", "cell anchors", (c, p) => Anchors(c, c.Rpn.Anchors with { Rounding = p switch { "detectron2" => "none", "caffe2015" => "caffe", _ => "half-even" } }),
            c => c.Rpn.Anchors.Rounding, Proposes),
        new("anchorOrder", "order in a cell", (c, p) => Anchors(c, c.Rpn.Anchors with { Order = p == "detectron2" ? "size-major" : "ratio-major" }),
            c => c.Rpn.Anchors.Order, Proposes),
        new("stride", "stride of anchors", (c, p) => Anchors(c, c.Rpn.Anchors with { Stride = p == "torchvision" ? "grid" : "fixed" }),
            c => c.Rpn.Anchors.Stride, Proposes),
        new("corners", "far corners of boxes in the network", (c, p) => c with { Input = c.Input with { Corners = Extent(p) } },
            c => c.Input.Corners, Batches),
        new("boxExtent", "box sides in matcher and coder", (c, p) =>
            c with { Rpn = c.Rpn with { BoxExtent = Extent(p) }, Roi = c.Roi with { BoxExtent = Extent(p) } },
            c => Both(c, c.Rpn.BoxExtent, c.Roi.BoxExtent), Batches),
        new("selectionExtent", "box sides in clip, filter and NMS", (c, p) =>
            c with { Rpn = c.Rpn with { SelectionExtent = Extent(p) }, Output = c.Output with { SelectionExtent = Extent(p) } },
            c => Both(c, c.Rpn.SelectionExtent, c.Output.SelectionExtent), Batches),
        new("coderWeights", "weights of the region head's codes", (c, _) => c with { Roi = c.Roi with { BoxWeights = [10, 10, 5, 5] } },
            c => List(c.Roi.BoxWeights), Batches),
        new("coderClip", "largest growth of a side", (c, p) =>
        {
            double? growth = p == "caffe2015" ? null : 1000.0 / 16;
            return c with { Rpn = c.Rpn with { MaxGrowth = growth }, Roi = c.Roi with { MaxGrowth = growth } };
        }, c => Both(c, Growth(c.Rpn.MaxGrowth), Growth(c.Roi.MaxGrowth)), Batches),
        new("rpnPreNms", "anchors before NMS, train/test", (c, p) => c with
        {
            Rpn = p == "caffe2015" || (p == "detectron2" && !c.Backbone.Fpn)
                ? c.Rpn with { PreNmsTrain = 12000, PreNmsTest = 6000 }
                : c.Rpn with { PreNmsTrain = 2000, PreNmsTest = 1000 },
        }, c => Text($"{c.Rpn.PreNmsTrain}/{c.Rpn.PreNmsTest}"), Proposes),
        new("rpnPostNms", "proposals, train/test", (c, p) => c with
        {
            Rpn = c.Rpn with
            {
                PostNmsTrain = p == "detectron2" && c.Backbone.Fpn ? 1000 : 2000,
                PostNmsTest = p == "caffe2015" ? 300 : 1000,
            },
        }, c => Text($"{c.Rpn.PostNmsTrain}/{c.Rpn.PostNmsTest}"), Proposes),
        new("rpnMinSize", "smallest side of a proposal", (c, p) => c with
        {
            Rpn = c.Rpn with
            {
                // Detectron2 keeps sides above 0; the limit itself is kept here.
                MinSize = p switch { "detectron2" => 1e-30, "caffe2015" => 16, _ => 1e-3 },
                MinSizeOfOriginal = p == "caffe2015",
            },
        }, c => Text($"{c.Rpn.MinSize:R}{(c.Rpn.MinSizeOfOriginal ? " of the original" : "")}"), Proposes),
        new("outsideAnchors", "anchors that leave the image", (c, p) => c with { Rpn = c.Rpn with { DropOutsideAnchors = p == "caffe2015" } },
            c => c.Rpn.DropOutsideAnchors ? "dropped" : "kept", Proposes),
        new("rpnMatcher", "foreground and background IoU", (c, _) => c with { Rpn = c.Rpn with { ForegroundIou = 0.7, BackgroundIou = 0.3 } },
            c => Text($"{c.Rpn.ForegroundIou}, {c.Rpn.BackgroundIou}"), Proposes),
        new("rpnSampler", "anchors per image and foreground", (c, _) => c with { Rpn = c.Rpn with { Sampler = "balanced", BatchPerImage = 256, PositiveFraction = 0.5 } },
            c => Text($"{c.Rpn.Sampler} {c.Rpn.BatchPerImage}, {c.Rpn.PositiveFraction}"), Proposes),
        new("rpnBoxLoss", "box loss of stage 1", (c, p) => c with
        {
            Rpn = c.Rpn with
            {
                BoxLoss = c.Rpn.BoxLoss with { Kind = p == "detectron2" ? "l1" : "smooth-l1", Beta = 1.0 / 9, Normalizer = p == "detectron2" ? "batch" : "samples" },
            },
        }, c => Loss(c.Rpn.BoxLoss), Proposes),
        new("roiSampler", "regions per image, foreground, background", (c, p) => c with
        {
            Roi = c.Roi with
            {
                Sampler = "balanced", BatchPerImage = p == "caffe2015" ? c.Assembly == "fast-rcnn" ? 64 : 128 : 512, PositiveFraction = 0.25, ForegroundIou = 0.5, BackgroundIou = 0.5,
                BackgroundIouLow = p == "caffe2015" && c.Assembly == "fast-rcnn" ? 0.1 : 0,
            },
        }, c => Text($"{c.Roi.Sampler} {c.Roi.BatchPerImage}, {c.Roi.PositiveFraction}, [{c.Roi.BackgroundIouLow}, {c.Roi.BackgroundIou})"), Batches),
        new("roiBoxLoss", "box loss of stage 2", (c, p) => c with
        {
            Roi = c.Roi with
            {
                BoxLoss = c.Roi.BoxLoss with { Kind = p == "detectron2" ? "l1" : "smooth-l1", Beta = p == "caffe2015" ? 1 : 1.0 / 9, Normalizer = "samples" },
            },
        }, c => Loss(c.Roi.BoxLoss), Batches),
        new("roiPooling", "pooling of regions", (c, p) => c with
        {
            Roi = c.Roi with { Pooling = p == "caffe2015" ? "pool" : "align", Aligned = p == "detectron2", SamplingRatio = p == "detectron2" ? 0 : 2 },
        }, c => c.Roi.Pooling == "pool" ? "pool" : Text($"{c.Roi.Pooling}, aligned {(c.Roi.Aligned ? "true" : "false")}, sampling {c.Roi.SamplingRatio}"), Batches),
        new("level", "pyramid level of a region", (c, p) => c with
        {
            Roi = c.Roi with
            {
                LevelFormula = p == "detectron2" ? "detectron2" : "torchvision", CanonicalLevel = 4, CanonicalSize = 224,
                LevelScale = p == "torchvision" ? "inferred" : "fixed",
            },
        }, c => Text($"{c.Roi.LevelFormula}, {c.Roi.CanonicalLevel}, {c.Roi.CanonicalSize}, {c.Roi.LevelScale}"), Batches),
        new("test", "score, NMS, detections", (c, p) => c with
        {
            Output = c.Output with { ScoreThreshold = 0.05, NmsThreshold = p == "caffe2015" ? 0.3 : 0.5, DetectionsPerImage = 100 },
        }, c => Text($"{c.ScoreThreshold}, {c.Output.NmsThreshold}, {c.Output.DetectionsPerImage}")),
        new("maskPaste", "paste of masks", (c, p) => c with { Output = c.Output with { MaskPaste = p == "detectron2" ? "detectron2" : "torchvision" } },
            c => c.Output.MaskPaste, DetectorFactory.NeedsMasks),
        new("normEps", "eps of the normalisation", (c, _) => c with { Backbone = c.Backbone with { NormEps = 1e-5 } },
            c => Text($"{c.Backbone.NormEps:R}"), Normalises),
    ];

    /// <summary>Sets every row, or one, to a profile.</summary>
    /// <param name="row">Name of a row, or null for all.</param>
    /// <exception cref="RcnnException">An unknown row or profile; names those there are.</exception>
    public static DetectorConfig Apply(DetectorConfig config, string? row, string profile)
    {
        string name = profile.ToLowerInvariant();
        if (!Profiles.Contains(name))
        {
            throw RcnnException.Usage($"--set convention{(row is null ? "" : "." + row)}={profile}: one of {string.Join(", ", Profiles)} expected");
        }

        ConventionRow[] chosen = [.. Rows.Where(r => row is null || r.Name.Equals(row, StringComparison.OrdinalIgnoreCase))];
        return chosen.Length == 0
            ? throw RcnnException.Usage($"--set convention.{row}: no such row; there are {string.Join(", ", Rows.Select(r => r.Name))}")
            : chosen.Aggregate(config, (c, r) => r.Set(c, name));
    }

    private static DetectorConfig Anchors(DetectorConfig config, AnchorConfig anchors) => config with { Rpn = config.Rpn with { Anchors = anchors } };

    private static string Extent(string profile) => profile == "caffe2015" ? "inclusive" : "half-open";

    // Means and deviations are those of values from 0 to 1; the others' are given from 0 to 255, in the order blue, green, red.
    private static InputConfig Pixels(InputConfig input, string profile) => profile switch
    {
        "detectron2" => input with { Channels = "bgr", Mean = [123.675 / 255, 116.28 / 255, 103.53 / 255], Std = [1 / 255.0, 1 / 255.0, 1 / 255.0] },
        "caffe2015" => input with { Channels = "bgr", Mean = [122.7717 / 255, 115.9465 / 255, 102.9801 / 255], Std = [1 / 255.0, 1 / 255.0, 1 / 255.0] },
        _ => input with { Channels = "rgb", Mean = [0.485, 0.456, 0.406], Std = [0.229, 0.224, 0.225] },
    };

    private static string Loss(BoxLossConfig loss) =>
        (loss.Kind is "smooth-l1" or "balanced-l1" ? Text($"{loss.Kind} β {loss.Beta:0.####}") : loss.Kind) + " / " + loss.Normalizer;

    private static string Growth(double? factor) => factor is { } f ? Text($"{f}") : "none";

    /// <summary>Values of stage 1 and stage 2, or one where they are the same or there is no stage 1.</summary>
    private static string Both(DetectorConfig config, string first, string second) => first == second || !Proposes(config) ? second : $"{first}, {second}";

    private static bool Proposes(DetectorConfig config) => !DetectorFactory.NeedsProposals(config);

    /// <summary>Whether images go through the network whole, in batches; R-CNN's regions do so one by one.</summary>
    private static bool Batches(DetectorConfig config) => !DetectorFactory.IsClassic(config);

    private static bool Normalises(DetectorConfig config) => Backbones.BackboneFactory.IsNormalised(config.Backbone.Name);

    private static string List(double[] values) => "[" + string.Join(",", values.Select(v => v.ToString("0.####", CultureInfo.InvariantCulture))) + "]";

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>One convention.</summary>
/// <param name="Name">In <c>--set convention.NAME=PROFILE</c>.</param>
/// <param name="Item">What it is about.</param>
/// <param name="Set">The configuration with this row as the profile has it.</param>
/// <param name="Value">Its values in a configuration, for people.</param>
/// <param name="Uses">Which configurations have a use for it; null: all.</param>
public sealed record ConventionRow(
    string Name, string Item, Func<DetectorConfig, string, DetectorConfig> Set, Func<DetectorConfig, string> Value, Func<DetectorConfig, bool>? Uses = null)
{
    /// <summary>Whether the row acts on the detector that the configuration describes.</summary>
    public bool IsUsed(DetectorConfig config) => Uses?.Invoke(config) ?? true;

    /// <summary>Profiles whose values the configuration has in this row; none where it has its own. Settings of a proposal network that it does not have do not count.</summary>
    public IReadOnlyList<string> Active(DetectorConfig config)
    {
        string own = Text(config);
        return [.. Convention.Profiles.Where(p => Text(Set(config, p)) == own)];
    }

    private string Text(DetectorConfig config) =>
        JsonSerializer.Serialize(IsUsed(config) && DetectorFactory.NeedsProposals(config) ? config with { Rpn = new() } : config);
}
