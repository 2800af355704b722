using Rcnn.Core;
using Rcnn.Core.Evaluation;
using Rcnn.Ops;

namespace Rcnn.Tests.Evaluation;

public sealed class CocoEvaluatorTests
{
    private static readonly CocoCategory[] OneClass = [new(1, "thing")];

    [Fact]
    public void Evaluate_TwoObjectsAndAFalsePositiveBetween_GivesTheHandComputedAp()
    {
        CocoGroundTruth truth = Truth(Square(1, 1, 0), Square(2, 1, 200));
        DetectionRow[] detections = [Found(1, 0, 0.9), Found(1, 400, 0.8), Found(1, 200, 0.7)];
        CocoResult result = CocoEvaluator.Evaluate(truth, detections);

        // Recall 0 … 0.50 (51 levels) at precision 1, the other 50 levels at 2/3.
        double expected = (51 + (50 * 2 / 3.0)) / 101;
        Assert.Equal(expected, result.Stats[0], 12);
        Assert.Equal(expected, result.Stats[1], 12);
        Assert.Equal(expected, result.CategoryPrecision(0), 12);
        Assert.Equal(0.5, result.Stats[6], 12);
        Assert.Equal(1, result.Stats[7], 12);
        Assert.Equal(-1, result.Stats[3]);
        Assert.Equal(expected, result.Stats[5], 12);
    }

    [Fact]
    public void Evaluate_DetectionsInsideACrowd_CountNeitherWay()
    {
        CocoGroundTruth truth = Truth(Square(1, 1, 0), new CocoObject(2, 1, 1, 300, 0, 300, 300, 90000, true));
        DetectionRow[] detections = [Found(1, 310, 0.9), Found(1, 320, 0.8), Found(1, 0, 0.7)];
        Assert.Equal(1, CocoEvaluator.Evaluate(truth, detections).Stats[0], 12);
    }

    [Fact]
    public void Evaluate_AreaAtTheLimit_CountsInBothRanges()
    {
        CocoGroundTruth truth = new([new(1, "a", 640, 480)], OneClass, [new CocoObject(1, 1, 1, 0, 0, 32, 32, 1024, false)]);
        CocoResult result = CocoEvaluator.Evaluate(truth, [new(1, 1, 0, 0, 32, 32, 0.5)]);
        Assert.Equal([1, 1, -1], result.Stats[3..6].Select(v => Math.Round(v, 12)));
    }

    [Fact]
    public void Evaluate_IouExactlyAtTheThreshold_Matches()
    {
        // 50 of 100 columns: IoU = 0.5 exactly.
        CocoGroundTruth truth = Truth(Square(1, 1, 0));
        CocoResult result = CocoEvaluator.Evaluate(truth, [new(1, 1, 0, 0, 50, 100, 0.5)]);
        Assert.Equal(1, result.Stats[1], 12);
        Assert.Equal(0.1, result.Stats[0], 12);
    }

    [Fact]
    public void Evaluate_EqualScores_RankInFileOrder()
    {
        CocoGroundTruth truth = Truth(Square(1, 1, 0));
        var one = new CocoEvaluationOptions { MaxDetections = [1] };
        Assert.Equal(1, CocoEvaluator.Evaluate(truth, [Found(1, 0, 0.5), Found(1, 300, 0.5)], one).Recall[0]);
        Assert.Equal(0, CocoEvaluator.Evaluate(truth, [Found(1, 300, 0.5), Found(1, 0, 0.5)], one).Recall[0]);
    }

    [Fact]
    public void Evaluate_ObjectWithIdZero_IsTakenButItsDetectionIsAFalsePositive()
    {
        CocoGroundTruth truth = Truth(Square(0, 1, 0), Square(1, 1, 200));
        CocoResult result = CocoEvaluator.Evaluate(truth, [Found(1, 0, 0.9), Found(1, 200, 0.8)]);
        Assert.Equal(0.5, result.Stats[8], 12);
        Assert.Equal(51 / 101.0 / 2, result.Stats[0], 12);
    }

    [Fact]
    public void Evaluate_NoDetections_GivesZeroWhereObjectsAreAndMinusOneElsewhere()
    {
        CocoResult result = CocoEvaluator.Evaluate(Truth(Square(1, 1, 0)), []);
        Assert.Equal([0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1, 0], result.Stats);
        Assert.All(CocoEvaluator.Evaluate(new([new(1, "a", 10, 10)], OneClass, []), []).Stats, v => Assert.Equal(-1, v));
    }

    [Fact]
    public void Evaluate_UnknownImageOrValueThatIsNotFinite_NamesDetectionAndValue()
    {
        CocoGroundTruth truth = Truth(Square(1, 1, 0));
        Assert.Contains("detection 1: image_id 99", Assert.Throws<RcnnException>(() => CocoEvaluator.Evaluate(truth, [Found(1, 0, 1), Found(99, 0, 1)])).Message);
        Assert.Contains("NaN", Assert.Throws<RcnnException>(() => CocoEvaluator.Evaluate(truth, [Found(1, 0, double.NaN)])).Message);
        Assert.Contains("Width = -1", Assert.Throws<RcnnException>(() => CocoEvaluator.Evaluate(truth, [new(1, 1, 0, 0, -1, 5, 1)])).Message);
    }

    [Fact]
    public void IouThresholds_AreThoseOfEvenlySpacedFloat64Numbers() =>
        Assert.Equal([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95], new CocoEvaluationOptions().IouThresholds);

    [Theory]
    [InlineData(1, 2, 1, true)]
    [InlineData(2, 6, 3, true)]
    [InlineData(3, 12, 5, true)]
    [InlineData(4, 8, 3, false)]
    [InlineData(5, 30, 2, true)]
    [InlineData(6, 5, 8, false)]
    public void Evaluate_RandomScenes_EqualsTheDefinition(int seed, int images, int classes, bool useCategories)
    {
        (CocoGroundTruth truth, List<DetectionRow> detections) = Scene(seed, images, classes);
        var options = new CocoEvaluationOptions
        {
            UseCategories = useCategories,
            MaxDetections = seed % 2 == 0 ? [1, 3, 100] : [2, 5],
            IouThresholds = seed % 2 == 0 ? new CocoEvaluationOptions().IouThresholds : [0.3, 0.5, 0.75],
            RecallThresholds = seed % 3 == 0 ? [0.1, 0.33, 0.5, 1] : CocoEvaluationOptions.EvenlySpaced(0, 1, 101),
        };
        CocoResult result = CocoEvaluator.Evaluate(truth, detections, options);
        (double[] precision, double[] recall, double[] scores) = CocoOracle.Evaluate(truth, detections, options);
        Assert.Equal(recall, result.Recall);
        Assert.Equal(precision, result.Precision);
        Assert.Equal(scores, result.Scores);
        Assert.Contains(result.Recall, r => r > 0);
        CocoResult alone = CocoEvaluator.Evaluate(truth, detections, options with { Threads = 1 });
        Assert.Equal(alone.Precision, result.Precision);
    }

    [SkippableFact]
    public void Evaluate_RealAnnotations_GivesThePublishedNumbers()
    {
        CocoGroundTruth truth = CocoGroundTruth.Read(SharedData.Data("coco-metrics/padilla/test_coco_eval/gts/sampled_gts_bbox_area.json"));
        CocoResult result = CocoEvaluator.Evaluate(truth, DetectionFile.Read(SharedData.Data("coco-metrics/padilla/test_coco_eval/dets/sampled_bbox_results.json"), truth));
        double[] expected = [.503647, .696973, .571667, .593252, .557991, .489363, .386813, .593680, .595353, .654764, .603130, .553744];
        Assert.All(expected.Zip(result.Stats), p => Assert.Equal(p.First, p.Second, 6));
        Assert.Contains(" Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.504\n", result.Table());
        Assert.Contains(" Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.655\n", result.Table());
    }

    internal static (CocoGroundTruth Truth, List<DetectionRow> Detections) Scene(int seed, int images, int classes)
    {
        var random = new RandomStream(seed, "coco");
        var objects = new List<CocoObject>();
        var detections = new List<DetectionRow>();
        for (int image = 0; image < images; image++)
        {
            long id = 7 + (3 * (images - image));
            int first = objects.Count;
            for (int i = random.NextInt(7); i > 0; i--)
            {
                double w = random.NextInt(120) + 4, h = random.NextInt(120) + 4;
                objects.Add(new CocoObject(objects.Count + seed % 2, id, 1 + (2 * random.NextInt(classes)), random.NextInt(200), random.NextInt(200), w, h,
                    random.NextInt(8) == 0 ? 1024 : w * h * 0.8, random.NextInt(6) == 0));
            }

            for (int i = random.NextInt(16); i > 0; i--)
            {
                CocoObject near = objects.Count > first && random.NextInt(4) > 0 ? objects[first + random.NextInt(objects.Count - first)]
                    : new CocoObject(0, id, 1 + (2 * random.NextInt(classes)), random.NextInt(200), random.NextInt(200), 40, 40, 0, false);
                int shift = random.NextInt(12);
                detections.Add(new DetectionRow(id, near.CategoryId, near.X + shift, near.Y, near.Width, near.Height + random.NextInt(9), random.NextInt(20) / 20.0));
            }
        }

        return (new CocoGroundTruth(
            [.. Enumerable.Range(0, images).Select(i => new CocoImage(7 + (3 * (i + 1)), $"{i}.png", 320, 320))],
            [.. Enumerable.Range(0, classes).Select(c => new CocoCategory(1 + (2 * c), $"c{c}")).Reverse()], objects), detections);
    }

    private static CocoGroundTruth Truth(params CocoObject[] objects) => new([new(1, "a.jpg", 640, 480)], OneClass, objects);

    private static CocoObject Square(long id, long image, double x) => new(id, image, 1, x, 0, 100, 100, 10000, false);

    private static DetectionRow Found(long image, double x, double score) => new(image, 1, x, 0, 100, 100, score);
}
