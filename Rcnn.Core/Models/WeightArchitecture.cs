using System.Text.RegularExpressions;

namespace Rcnn.Core.Models;

/// <summary>What the names and shapes of a weight file tell about the network it belongs to.</summary>
/// <param name="Model">A detector's assembly or, where it is one, torchvision's name for it; null for a classifier or an unknown network.</param>
/// <param name="Backbone">One of <see cref="DetectorPresets.Backbones"/>, or null.</param>
/// <param name="Classes">With background for a detector; null where there is no classifier.</param>
/// <param name="Frozen">The backbone's normalisation has no batch counters: it was fixed, or there is none.</param>
public sealed partial record WeightArchitecture(string? Model, string? Backbone, int? Classes, bool Frozen)
{
    /// <summary>By name and shape; names of before torchvision 0.13 are understood.</summary>
    public static WeightArchitecture Of(IReadOnlyDictionary<string, long[]> shapes)
    {
        Dictionary<string, long[]> all = [];
        foreach ((string name, long[] shape) in shapes)
        {
            all.TryAdd(DetectorWeights.CurrentName(name), shape);
        }

        bool detector = all.Keys.Any(k => k.StartsWith("roi_heads.", StringComparison.Ordinal));
        string prefix = all.Keys.Any(k => k.StartsWith("backbone.body.", StringComparison.Ordinal)) ? "backbone.body."
            : detector ? "backbone." : all.Keys.Any(k => k.StartsWith("features.", StringComparison.Ordinal)) ? "features." : "";
        var body = all.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(e => e.Key[prefix.Length..], e => e.Value);
        string? backbone = Residual(body) ?? Mobile(body) ?? Plain(body);
        string? last = new[] { "roi_heads.box_predictor.cls_score.bias", "fc.bias", "classifier.6.bias", "classifier.3.bias", "classifier.1.bias" }.FirstOrDefault(all.ContainsKey);
        bool frozen = !body.Keys.Any(k => k.EndsWith(".num_batches_tracked", StringComparison.Ordinal));
        return new WeightArchitecture(detector ? ModelOf(all, backbone) : null, backbone, last is null ? null : (int)all[last][0], frozen);
    }

    private static string ModelOf(Dictionary<string, long[]> all, string? backbone)
    {
        bool masks = all.ContainsKey("roi_heads.mask_predictor.mask_fcn_logits.weight"), pyramid = all.ContainsKey("backbone.fpn.layer_blocks.0.0.weight");
        string assembly = masks ? "mask-rcnn-fpn" : pyramid ? "faster-rcnn-fpn" : "faster-rcnn-c4";
        bool second = all.ContainsKey("rpn.head.conv.1.0.weight") && all.ContainsKey("roi_heads.box_head.5.weight") && all.ContainsKey("backbone.fpn.layer_blocks.0.1.weight");
        bool first = all.ContainsKey("roi_heads.box_head.fc6.weight") && !all.ContainsKey("rpn.head.conv.1.0.weight") && !all.ContainsKey("backbone.fpn.layer_blocks.0.1.weight");
        return (pyramid, backbone, first, second) switch
        {
            (true, "resnet50", true, _) => masks ? "maskrcnn_resnet50_fpn" : "fasterrcnn_resnet50_fpn",
            (true, "resnet50", _, true) => masks ? "maskrcnn_resnet50_fpn_v2" : "fasterrcnn_resnet50_fpn_v2",
            (true, "mobilenet_v3_large", true, _) when !masks => "fasterrcnn_mobilenet_v3_large_fpn",
            _ => assembly,
        };
    }

    private static string? Residual(Dictionary<string, long[]> body)
    {
        if (!body.TryGetValue("conv1.weight", out long[]? stem) || stem is not [64, 3, 7, 7] || !body.TryGetValue("layer1.0.conv2.weight", out long[]? inner))
        {
            return null;
        }

        // The fourth stage may be in the region head.
        int[] layers = [.. Enumerable.Range(1, 3).Select(s => Enumerable.Range(0, 100).TakeWhile(i => body.ContainsKey($"layer{s}.{i}.conv1.weight")).Count())];
        bool bottleneck = body.ContainsKey("layer1.0.conv3.weight");
        return (bottleneck, layers, inner[0], inner[1]) switch
        {
            (false, [2, 2, 2], 64, 64) => "resnet18",
            (false, [3, 4, 6], 64, 64) => "resnet34",
            (true, [3, 4, 6], 64, 64) => "resnet50",
            (true, [3, 4, 23], 64, 64) => "resnet101",
            (true, [3, 8, 36], 64, 64) => "resnet152",
            (true, [3, 4, 6], 128, 4) => "resnext50_32x4d",
            (true, [3, 4, 23], 256, 8) => "resnext101_32x8d",
            _ => null,
        };
    }

    private static string? Mobile(Dictionary<string, long[]> body) =>
        !body.TryGetValue("0.0.weight", out long[]? stem) ? null
        : stem[0] == 32 && body.ContainsKey("1.conv.0.0.weight") ? "mobilenet_v2"
        : stem[0] != 16 || !body.ContainsKey("1.block.0.0.weight") ? null
        : body.ContainsKey("1.block.1.fc1.weight") ? "mobilenet_v3_small" : "mobilenet_v3_large";

    private static string? Plain(Dictionary<string, long[]> body)
    {
        int convolutions = body.Count(e => Numbered().IsMatch(e.Key) && e.Value.Length == 4);
        bool normalised = body.ContainsKey("1.running_mean");
        return body.GetValueOrDefault("0.weight") switch
        {
            [64, 3, 11, 11] when convolutions == 5 => "alexnet",
            [96, 3, 7, 7] when body.ContainsKey("3.squeeze.weight") => "squeezenet1_0",
            [64, 3, 3, 3] when body.ContainsKey("3.squeeze.weight") => "squeezenet1_1",
            [64, 3, 3, 3] when convolutions is 8 or 10 or 13 => $"vgg{convolutions + 3}" + (normalised ? "_bn" : ""),
            _ => null,
        };
    }

    [GeneratedRegex(@"^\d+\.weight$")]
    private static partial Regex Numbered();
}
