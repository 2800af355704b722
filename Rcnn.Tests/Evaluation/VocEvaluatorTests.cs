using System.Globalization;
using Rcnn.Core;
using Rcnn.Core.Evaluation;

namespace Rcnn.Tests.Evaluation;

public sealed class VocEvaluatorTests
{
    [Fact]
    public void Evaluate_HitMissHit_GivesTheHandComputedAp()
    {
        VocGroundTruth truth = Truth(Object("a", 1, 1, 10, 10), Object("b", 1, 1, 10, 10));
        VocDetection[] detections = [Found("a", 0.9, 1, 1, 10, 10), Found("a", 0.8, 50, 50, 60, 60), Found("b", 0.7, 1, 1, 10, 10)];
        VocClassResult area = VocEvaluator.Evaluate(truth, detections).Classes[0];
        Assert.Equal([0.5, 0.5, 1], area.Recall);
        Assert.Equal([1, 0.5, 2 / 3.0], area.Precision);
        Assert.Equal((0.5 * 1) + (0.5 * 2 / 3.0), area.AveragePrecision, 12);
        Assert.Equal(((6 * 1) + (5 * 2 / 3.0)) / 11, VocEvaluator.Evaluate(truth, detections, 0.5, true).Mean, 12);
    }

    [Fact]
    public void Evaluate_OverlapExactlyAtTheThreshold_IsNoMatch()
    {
        // 10 × 10 pixels against its left half: +1 widths give 50 of 100.
        VocGroundTruth truth = Truth(Object("a", 1, 1, 10, 10));
        Assert.Equal(0, VocEvaluator.Evaluate(truth, [Found("a", 1, 1, 1, 5, 10)]).Mean);
        Assert.Equal(1, VocEvaluator.Evaluate(truth, [Found("a", 1, 1, 1, 6, 10)]).Mean);
    }

    [Fact]
    public void Evaluate_SecondDetectionOfTheSameObject_IsAFalsePositiveEvenBesideAFreeOne()
    {
        VocGroundTruth truth = Truth(Object("a", 1, 1, 10, 10), Object("a", 1, 3, 10, 12));
        VocClassResult result = VocEvaluator.Evaluate(truth, [Found("a", 0.9, 1, 1, 10, 10), Found("a", 0.8, 1, 1, 10, 10)]).Classes[0];
        Assert.Equal([0.5, 0.5], result.Recall);
        Assert.Equal([1, 0.5], result.Precision);
    }

    [Fact]
    public void Evaluate_DifficultObject_CountsNeitherWay()
    {
        VocGroundTruth truth = Truth(Object("a", 1, 1, 10, 10), Object("a", 50, 50, 60, 60) with { Difficult = true });
        VocClassResult result = VocEvaluator.Evaluate(truth, [Found("a", 0.9, 50, 50, 60, 60), Found("a", 0.8, 50, 50, 60, 60), Found("a", 0.7, 1, 1, 10, 10)]).Classes[0];
        Assert.Equal(1, result.Positives);
        Assert.Equal([0, 0, 1], result.Recall);
        Assert.Equal([0, 0, 1], result.Precision);
        Assert.Equal(1, result.AveragePrecision);
    }

    [Fact]
    public void Evaluate_ClassWithoutPositives_IsLeftOutOfTheMean()
    {
        VocGroundTruth truth = new(["a"], [Object("a", 1, 1, 10, 10), Object("a", 1, 1, 9, 9) with { Class = "other", Difficult = true }]);
        VocResult result = VocEvaluator.Evaluate(truth, [Found("a", 1, 1, 1, 10, 10), Found("a", 1, 90, 90, 99, 99) with { Class = "other" }]);
        Assert.Equal(1, result.Mean);
        Assert.True(double.IsNaN(result.Classes.Single(c => c.Class == "other").AveragePrecision));
    }

    [Fact]
    public void Evaluate_UnknownImage_NamesIt() => Assert.Contains("'zzz'", Assert.Throws<RcnnException>(
        () => VocEvaluator.Evaluate(Truth(Object("a", 1, 1, 2, 2)), [Found("zzz", 1, 1, 1, 2, 2)])).Message);

    [SkippableTheory]
    [InlineData(0.1, 0.3333333333, 0.3371980676)]
    [InlineData(0.3, 0.2683982683, 0.2456866804)]
    [InlineData(0.5, 0.0303030303, 0.0222222222)]
    [InlineData(0.75, 0, 0)]
    public void Evaluate_PublishedTextCase_GivesThePublishedAp(double iou, double elevenPoint, double area)
    {
        string folder = SharedData.Data("coco-metrics/padilla/voc_ap_test_case_1");
        var objects = new List<VocObject>();
        var detections = new List<VocDetection>();
        foreach ((string[] f, string image) in Lines(Path.Combine(folder, "gts")))
        {
            double[] v = Numbers(f);
            objects.Add(new VocObject(image, f[0], v[0], v[1], v[0] + v[2], v[1] + v[3], false));
        }

        foreach ((string[] f, string image) in Lines(Path.Combine(folder, "dets")))
        {
            double[] v = Numbers(f);
            detections.Add(new VocDetection(image, f[0], v[0], v[1], v[2], v[1] + v[3], v[2] + v[4]));
        }

        var truth = new VocGroundTruth([.. objects.Select(o => o.Image).Distinct()], objects);
        Assert.Equal(elevenPoint, VocEvaluator.Evaluate(truth, detections, iou, true).Mean, 9);
        Assert.Equal(area, VocEvaluator.Evaluate(truth, detections, iou).Mean, 9);

        static IEnumerable<(string[], string)> Lines(string folder) => Directory.GetFiles(folder).Order()
            .SelectMany(f => File.ReadLines(f).Where(l => l.Trim().Length > 0).Select(l => (l.Split(' '), Path.GetFileNameWithoutExtension(f))));
        static double[] Numbers(string[] fields) => [.. fields.Skip(1).Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
    }

    private static VocGroundTruth Truth(params VocObject[] objects) => new([.. objects.Select(o => o.Image).Distinct()], objects);

    private static VocObject Object(string image, double x1, double y1, double x2, double y2) => new(image, "thing", x1, y1, x2, y2, false);

    private static VocDetection Found(string image, double score, double x1, double y1, double x2, double y2) => new(image, "thing", score, x1, y1, x2, y2);
}
