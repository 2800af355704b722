using System.Globalization;
using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Evaluation;

namespace Rcnn.Cli.Golden;

/// <summary>VOC AP of a few classes at several thresholds by both measures; recall and precision are those of the first threshold.</summary>
internal sealed class VocGolden : IGoldenCase
{
    public string Op => "voc_eval";

    public void Run(GoldenContext c)
    {
        VocGroundTruth truth = c.HasFile("gt") ? ReadObjects(c.File("gt")) : VocAnnotations.ReadZip(c.File("xml"));
        if (c.HasFile("gt") && c.HasFile("xml"))
        {
            RequireEqual(truth, VocAnnotations.ReadZip(c.File("xml")), c.File("xml"));
        }

        List<VocDetection> detections = ReadDetections(c.File("detections"));
        var results = new Dictionary<(double, bool), VocResult>();
        VocClassResult Result(string name, double threshold, bool elevenPoint)
        {
            if (!results.TryGetValue((threshold, elevenPoint), out VocResult? result))
            {
                result = VocEvaluator.Evaluate(truth, detections, threshold, elevenPoint);
                results.Add((threshold, elevenPoint), result);
            }

            return result.Classes.FirstOrDefault(r => r.Class == name) ?? throw new RcnnException($"{c.Folder}: class '{name}' has no objects");
        }

        double first = c.Numbers("iou_thresholds")[0];
        foreach (string output in c.OutputNames)
        {
            if (output == "ap")
            {
                c.Check(output, [.. c.Param("ap_order").EnumerateArray().Select(e =>
                {
                    (string name, double threshold, bool elevenPoint) = Measure(e.GetString()!);
                    return Result(name, threshold, elevenPoint).AveragePrecision;
                })]);
            }
            else if (output.StartsWith("rec_", StringComparison.Ordinal))
            {
                c.Check(output, Result(output[4..], first, false).Recall);
            }
            else if (output.StartsWith("prec_", StringComparison.Ordinal))
            {
                c.Check(output, Result(output[5..], first, false).Precision);
            }
        }
    }

    /// <summary>CLASS_tTHRESHOLD_11pt or …_area.</summary>
    private static (string Class, double Threshold, bool ElevenPoint) Measure(string text)
    {
        int kind = text.LastIndexOf('_'), threshold = kind > 0 ? text.LastIndexOf("_t", kind - 1, StringComparison.Ordinal) : -1;
        return threshold > 0 && text[(kind + 1)..] is "11pt" or "area"
            && double.TryParse(text[(threshold + 2)..kind], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? (text[..threshold], value, text[(kind + 1)..] == "11pt")
            : throw new RcnnException($"params.ap_order: CLASS_tTHRESHOLD_11pt or CLASS_tTHRESHOLD_area expected, got '{text}'");
    }

    private static VocGroundTruth ReadObjects(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var images = new List<string>();
        var objects = new List<VocObject>();
        foreach (JsonProperty image in document.RootElement.EnumerateObject())
        {
            images.Add(image.Name);
            foreach (JsonElement o in image.Value.EnumerateArray())
            {
                double[] box = [.. o.GetProperty("bbox").EnumerateArray().Select(v => v.GetDouble())];
                objects.Add(new VocObject(image.Name, o.GetProperty("name").GetString()!, box[0], box[1], box[2], box[3], o.GetProperty("difficult").GetInt32() != 0));
            }
        }

        return new VocGroundTruth(images, objects, null, file);
    }

    private static List<VocDetection> ReadDetections(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var result = new List<VocDetection>();
        foreach (JsonProperty label in document.RootElement.EnumerateObject())
        {
            foreach (JsonElement row in label.Value.EnumerateArray())
            {
                result.Add(new VocDetection(row[0].GetString()!, label.Name, row[1].GetDouble(), row[2].GetDouble(), row[3].GetDouble(), row[4].GetDouble(), row[5].GetDouble()));
            }
        }

        return result;
    }

    private static void RequireEqual(VocGroundTruth truth, VocGroundTruth archive, string file)
    {
        bool same = truth.Images.ToHashSet().SetEquals(archive.Images)
            && truth.Objects.GroupBy(o => o.Image).All(g => g.SequenceEqual(archive.Objects.Where(o => o.Image == g.Key)))
            && truth.Objects.Count == archive.Objects.Count;
        if (!same)
        {
            throw new RcnnException($"{file}: not the same objects as {truth.Name}");
        }
    }
}
