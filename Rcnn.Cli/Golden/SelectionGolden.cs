using System.Text.Json;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>Non-maximum suppression.</summary>
internal sealed class NmsGolden : IGoldenCase
{
    public string Op => "nms";

    public bool OnDevice => true;

    public void Run(GoldenContext c) => c.Check("keep", Nms.Run(c.Tensor("boxes"), c.Tensor("scores"), c.Number("iou_threshold")));
}

/// <summary>Non-maximum suppression per class.</summary>
internal sealed class BatchedNmsGolden : IGoldenCase
{
    public string Op => "batched_nms";

    public bool OnDevice => true;

    public void Run(GoldenContext c) =>
        c.Check("keep", Nms.Batched(c.Tensor("boxes"), c.Tensor("scores"), c.Tensor("idxs"), c.Number("iou_threshold")));
}

/// <summary>Anchors of a pyramid.</summary>
internal sealed class AnchorGolden : IGoldenCase
{
    public string Op => "anchor_generator";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        double[][] sizes = [.. c.Param("sizes").EnumerateArray().Select(l => l.EnumerateArray().Select(v => v.GetDouble()).ToArray())];
        var generator = new AnchorGenerator(sizes, c.Numbers("aspect_ratios")) { Device = c.Device };
        for (int level = 0; level < generator.Levels; level++)
        {
            c.Check($"cell_{level}", generator.CellAnchors(level));
        }

        long[] image = c.Integers("image_hw");
        c.Check("anchors", generator.Grid(((int)image[0], (int)image[1]), Sizes(c, "grids")));
    }

    /// <summary>A parameter that is a list of (height, width).</summary>
    internal static (int Height, int Width)[] Sizes(GoldenContext c, string name) =>
        [.. c.Param(name).EnumerateArray().Select((JsonElement s) => (s[0].GetInt32(), s[1].GetInt32()))];
}

/// <summary>Matching by a given quality.</summary>
internal sealed class MatcherGolden : IGoldenCase
{
    public string Op => "matcher";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        var matcher = new Matcher(c.Number("high_threshold"), c.Number("low_threshold"), c.Flag("allow_low_quality_matches"));
        c.Check("matches", matcher.Match(c.Tensor("quality")));
    }
}

/// <summary>The proposal filter.</summary>
internal sealed class RpnFilterGolden : IGoldenCase
{
    public string Op => "rpn_filter_proposals";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        var limits = new ProposalLimits(c.Integer("pre_nms_top_n"), c.Integer("post_nms_top_n"), c.Number("nms_thresh"), c.Number("score_thresh"), c.Number("min_size"));
        int[] levels = [.. c.Integers("num_anchors_per_level").Select(n => (int)n)];
        IReadOnlyList<ScoredProposals> result = RpnProposals.Filter(c.Tensor("proposals"), c.Tensor("objectness"), levels, AnchorGolden.Sizes(c, "image_shapes_hw"), limits);
        for (int i = 0; i < result.Count; i++)
        {
            c.Check($"boxes_{i}", result[i].Boxes);
            c.Check($"scores_{i}", result[i].Scores);
        }
    }
}

/// <summary>Detections from the second stage's outputs.</summary>
internal sealed class PostProcessGolden : IGoldenCase
{
    public string Op => "roi_heads_postprocess_detections";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        var limits = new DetectionLimits(c.Number("score_thresh"), c.Number("nms_thresh"), c.Integer("detections_per_img"), c.Number("remove_small_min_size"));
        (int Height, int Width)[] sizes = AnchorGolden.Sizes(c, "image_shapes_hw");
        Tensor[] proposals = [.. sizes.Select((_, i) => c.Tensor($"proposals_{i}"))];
        IReadOnlyList<ScoredDetections> result = BoxPostProcess.Run(c.Tensor("class_logits"), c.Tensor("box_regression"), proposals, sizes, new BoxCoder(c.Numbers("weights")), limits);
        for (int i = 0; i < result.Count; i++)
        {
            c.Check($"boxes_{i}", result[i].Boxes);
            c.Check($"scores_{i}", result[i].Scores);
            c.Check($"labels_{i}", result[i].Labels);
        }
    }
}
