using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Evaluation;

namespace Rcnn.Cli.Golden;

/// <summary>COCO AP of boxes or masks: stats, precision, recall and scores of a ground truth file and a detection file.</summary>
internal sealed class CocoGolden(string op, CocoIouType type) : IGoldenCase
{
    public string Op => op;

    public void Run(GoldenContext c)
    {
        var options = new CocoEvaluationOptions { IouType = type };
        if (c.HasParam("iou_thrs"))
        {
            options = options with { IouThresholds = c.Numbers("iou_thrs") };
        }

        if (c.HasParam("rec_thrs"))
        {
            options = options with { RecallThresholds = c.Numbers("rec_thrs") };
        }

        if (c.HasParam("max_dets"))
        {
            options = options with { MaxDetections = [.. c.Integers("max_dets").Select(m => checked((int)m))] };
        }

        if (c.HasParam("area_rng"))
        {
            options = options with { AreaRanges = Areas(c) };
        }

        options = options with { UseCategories = c.Flag("use_cats", true) };
        if (options.UseCategories && c.HasParam("cat_ids"))
        {
            options = options with { CategoryIds = [.. c.Integers("cat_ids").Select(k => checked((int)k))] };
        }

        bool masks = type == CocoIouType.Mask;
        CocoGroundTruth truth = CocoGroundTruth.Read(c.File("gt"), masks);
        CocoResult result = CocoEvaluator.Evaluate(truth, DetectionFile.Read(c.File("detections"), truth, masks ? DetectionMasks.Require : DetectionMasks.Skip), options);
        long[] full = result.Shape;
        long[] withoutRecall = [full[0], full[2], full[3], full[4]];
        foreach (string output in c.OutputNames)
        {
            switch (output)
            {
                case "stats":
                    c.Check(output, result.Stats, 12);
                    break;
                case "precision":
                    c.Check(output, result.Precision, full);
                    break;
                case "scores":
                    c.Check(output, result.Scores, full);
                    break;
                case "recall":
                    c.Check(output, result.Recall, withoutRecall);
                    break;
                case "precision_all_max100":
                    c.Check(output, Slice(result, options), full[0], full[1], full[2]);
                    break;
            }
        }
    }

    private static List<AreaRange> Areas(GoldenContext c)
    {
        JsonElement[] ranges = [.. c.Param("area_rng").EnumerateArray()];
        JsonElement[] names = c.HasParam("area_lbl") ? [.. c.Param("area_lbl").EnumerateArray()] : [];
        return [.. ranges.Select((r, i) => r.ValueKind == JsonValueKind.Array && r.GetArrayLength() == 2
            ? new AreaRange(i < names.Length ? names[i].GetString()! : new CocoEvaluationOptions().AreaRanges[i].Name, r[0].GetDouble(), r[1].GetDouble())
            : throw new RcnnException($"params.area_rng[{i}]: two numbers expected, got {r.GetRawText()}"))];
    }

    /// <summary>Precision [T,R,K] at the area range "all" and 100 detections.</summary>
    private static double[] Slice(CocoResult result, CocoEvaluationOptions options)
    {
        long[] shape = result.Shape;
        int areas = (int)shape[3], limits = (int)shape[4];
        int area = options.AreaRanges.ToList().FindIndex(a => a.Name == "all"), limit = options.MaxDetections.Order().ToList().IndexOf(100);
        var slice = new double[shape[0] * shape[1] * shape[2]];
        for (int i = 0; i < slice.Length; i++)
        {
            slice[i] = result.Precision[(((i * areas) + area) * limits) + limit];
        }

        return slice;
    }
}
