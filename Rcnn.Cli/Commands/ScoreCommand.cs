using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rcnn.Core;
using Rcnn.Core.Evaluation;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn score --metric M --gt G --dt F [--json FILE]</c>: metrics of a detection file, whatever made it.</summary>
internal static class ScoreCommand
{
    private static readonly string[] Metrics = ["coco-bbox", "coco-segm", "voc07", "voc"];

    public static Command Create()
    {
        var metric = new Option<string>("--metric") { Required = true, Description = "coco-bbox, coco-segm, voc07 (11 points) or voc (area)." };
        metric.AcceptOnlyFromAmong(Metrics);
        var truth = new Option<string>("--gt")
        {
            Required = true,
            HelpName = "G",
            Description = "COCO annotation file; for voc metrics also a VOC folder ([voc:]DIR[:SPLIT]) whose XML corners are used as written.",
        };
        var detections = new Option<string>("--dt")
        {
            Required = true,
            HelpName = "F",
            Description = "COCO result list with the ids of the ground truth (of a VOC folder: images 1, 2, … by name or in the order of the split, classes 1, 2, … by name), "
                + "a COCO object with its own images and categories (matched by file_name and name), or for voc metrics a folder of comp4_det_test_CLASS.txt files.",
        };
        var iou = new Option<double>("--iou") { Description = "IoU threshold of the voc metrics.", DefaultValueFactory = _ => 0.5 };
        var json = new Option<string?>("--json") { HelpName = "FILE", Description = "Write the numbers to this file." };
        var command = new Command("score",
            "Metrics of a detection file.\nExamples: rcnn score --metric coco-bbox --gt instances.json --dt results.json\n"
            + "          rcnn score --metric voc07 --gt VOC2007:test --dt results/Main")
        {
            metric, truth, detections, iou, json,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(metric)!, parsed.GetValue(truth)!, parsed.GetValue(detections)!, parsed.GetValue(iou), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string metric, string truth, string detections, double iou, string? json)
    {
        JsonObject numbers = metric is "coco-bbox" or "coco-segm" ? Coco(metric, truth, detections) : Voc(metric, truth, detections, iou);
        if (json is not null)
        {
            try
            {
                File.WriteAllText(json, numbers.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RcnnException($"--json {json}: {e.Message}", 1, e);
            }
        }

        return 0;
    }

    private static JsonObject Coco(string metric, string truthFile, string detectionFile)
    {
        bool masks = metric == "coco-segm";
        CocoGroundTruth truth = CocoGroundTruth.Read(truthFile, masks);
        IReadOnlyList<DetectionRow> rows = DetectionFile.Read(detectionFile, truth, masks ? DetectionMasks.Require : DetectionMasks.Skip);
        HashSet<int> known = [.. truth.Categories.Select(c => c.Id)];
        foreach (IGrouping<int, DetectionRow> unknown in rows.Where(r => !known.Contains(r.CategoryId)).GroupBy(r => r.CategoryId).OrderBy(g => g.Key))
        {
            Console.Error.WriteLine($"rcnn: warning: {detectionFile}: {unknown.Count()} detections of category_id {unknown.Key}, which {truthFile} does not have, are left out");
        }

        CocoResult result = CocoEvaluator.Evaluate(truth, rows, new CocoEvaluationOptions { IouType = masks ? CocoIouType.Mask : CocoIouType.Box });
        Console.Write(result.Table());
        var stats = new JsonObject();
        for (int i = 0; i < result.Stats.Length; i++)
        {
            stats[CocoResult.StatNames[i]] = result.Stats[i];
        }

        var classes = new JsonArray();
        for (int k = 0; k < result.CategoryIds.Count; k++)
        {
            classes.Add(new JsonObject
            {
                ["category_id"] = result.CategoryIds[k],
                ["name"] = result.CategoryNames[k],
                ["AP"] = result.CategoryPrecision(k),
                ["AP50"] = result.CategoryPrecision(k, 0.5),
            });
        }

        return new JsonObject
        {
            ["metric"] = metric,
            ["stats"] = stats,
            ["images"] = truth.Images.Count,
            ["objects"] = truth.Objects.Count,
            ["detections"] = rows.Count,
            ["classes"] = classes,
        };
    }

    private static JsonObject Voc(string metric, string truthSource, string detectionSource, double iou)
    {
        if (!(iou is >= 0 and <= 1))
        {
            throw RcnnException.Usage(FormattableString.Invariant($"--iou: a number in [0,1] expected, got {iou}"));
        }

        (VocGroundTruth truth, CocoGroundTruth ids) = VocTruth(truthSource);
        IReadOnlyList<VocDetection> detections = Directory.Exists(detectionSource)
            ? VocDetectionFolder.Read(detectionSource, truth)
            : VocGroundTruth.Convert(DetectionFile.Read(detectionSource, ids), ids);
        VocResult result = VocEvaluator.Evaluate(truth, detections, iou, metric == "voc07");
        Console.Write(result.Table());
        var classes = new JsonArray();
        foreach (VocClassResult c in result.Classes)
        {
            classes.Add(new JsonObject
            {
                ["name"] = c.Class,
                ["objects"] = c.Positives,
                ["detections"] = c.Recall.Length,
                ["AP"] = double.IsNaN(c.AveragePrecision) ? null : c.AveragePrecision,
            });
        }

        return new JsonObject
        {
            ["metric"] = metric,
            ["iou"] = iou,
            ["mAP"] = double.IsNaN(result.Mean) ? null : result.Mean,
            ["images"] = truth.Images.Count,
            ["objects"] = truth.Objects.Count,
            ["detections"] = detections.Count,
            ["classes"] = classes,
        };
    }

    /// <summary>The objects, and the same images and categories with the ids that detection files of this ground truth use.</summary>
    private static (VocGroundTruth Truth, CocoGroundTruth Ids) VocTruth(string source)
    {
        if (File.Exists(source))
        {
            CocoGroundTruth coco = CocoGroundTruth.Read(source);
            return (VocGroundTruth.FromCoco(coco), coco);
        }

        if (source.StartsWith("voc:", StringComparison.Ordinal) && !Directory.Exists(source))
        {
            source = source["voc:".Length..];
        }

        int colon = source.LastIndexOf(':');
        (string folder, string? split) = colon > 0 && !Directory.Exists(source) ? (source[..colon], source[(colon + 1)..]) : (source, null);
        VocGroundTruth truth = VocAnnotations.ReadFolder(folder, split);
        return (truth, truth.Numbered());
    }
}
