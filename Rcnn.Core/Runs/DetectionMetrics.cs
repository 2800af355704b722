using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;

namespace Rcnn.Core.Runs;

/// <summary>Metrics of detections by name.</summary>
public static class DetectionMetrics
{
    /// <summary>Name → value; −1 where the data has no object of that kind.</summary>
    /// <param name="metric">coco: the twelve numbers, with masks again as mask/AP … mask/ARl; voc07 and voc: mAP and AP/CLASS.</param>
    /// <param name="data">Ground truth.</param>
    /// <param name="rows">Detections in pixels of the original images.</param>
    /// <param name="masks">Whether the detections have masks. They are measured where every object of the data has one too.</param>
    /// <exception cref="RcnnException">An unknown metric. Exit code 2.</exception>
    public static IReadOnlyDictionary<string, double> Compute(string metric, IDetectionDataset data, IReadOnlyList<DetectionRow> rows, bool masks = false)
    {
        masks = masks && metric == "coco" && Enumerable.Range(0, data.Count).All(i => data[i].Objects.All(o => o.Segmentation is not null));
        CocoGroundTruth truth = CocoGroundTruth.FromDataset(data, masks);
        var result = new Dictionary<string, double>();
        switch (metric)
        {
            case "coco":
                AddCoco(result, "", CocoEvaluator.Evaluate(truth, rows));
                if (masks)
                {
                    AddCoco(result, "mask/", CocoEvaluator.Evaluate(truth, rows, new CocoEvaluationOptions { IouType = CocoIouType.Mask }));
                }

                return result;
            case "voc07" or "voc":
                VocResult voc = VocEvaluator.Evaluate(VocGroundTruth.FromDataset(data), VocGroundTruth.Convert(rows, truth), elevenPoint: metric == "voc07");
                result["mAP"] = Known(voc.Mean);
                foreach (VocClassResult c in voc.Classes)
                {
                    result["AP/" + c.Class] = Known(c.AveragePrecision);
                }

                return result;
            default:
                throw RcnnException.Usage($"metric {metric}: expected coco, voc07 or voc");
        }
    }

    private static void AddCoco(Dictionary<string, double> result, string prefix, CocoResult coco)
    {
        for (int i = 0; i < CocoResult.StatNames.Count; i++)
        {
            result[prefix + CocoResult.StatNames[i]] = coco.Stats[i];
        }
    }

    /// <summary>−1 where there is nothing to find, as COCO has it.</summary>
    private static double Known(double value) => double.IsNaN(value) ? -1 : value;
}
