using Rcnn.Core;
using Rcnn.Core.Evaluation;
using Rcnn.Ops;

namespace Rcnn.Tests.Evaluation;

public sealed class CocoMaskEvaluationTests
{
    private static readonly CocoEvaluationOptions Masks = new() { IouType = CocoIouType.Mask };

    [Fact]
    public void MasksThatFillTheirBoxes_GiveTheNumbersOfTheBoxes()
    {
        var random = new RandomStream(5);
        for (int round = 0; round < 12; round++)
        {
            (CocoGroundTruth truth, List<DetectionRow> detections) = Rectangles(random, images: 6, classes: 3);
            CocoResult boxes = CocoEvaluator.Evaluate(truth, detections), masks = CocoEvaluator.Evaluate(truth, detections, Masks);
            Assert.Equal(boxes.Precision, masks.Precision);
            Assert.Equal(boxes.Recall, masks.Recall);
            Assert.Equal(boxes.Scores, masks.Scores);
            CocoResult one = CocoEvaluator.Evaluate(truth, detections, Masks with { Threads = 1 });
            Assert.Equal(one.Precision, masks.Precision);
        }
    }

    [Fact]
    public void ADetectionsArea_IsThatOfItsMask()
    {
        // An unmatched detection of 32×32 pixels in a box of 64×64 is small, not medium.
        CocoGroundTruth truth = new([new(1, "a", 100, 100)], [new(1, "thing")], [Object(1, 1, 0, 0, 20, 20)]);
        DetectionRow wrong = new(1, 1, 30, 30, 64, 64, 0.9, Rle.FromBox(30, 30, 32, 32, 100, 100)), right = Found(1, 1, 0, 0, 20, 20, 0.5);
        CocoResult result = CocoEvaluator.Evaluate(truth, [wrong, right], Masks);
        Assert.Equal(0.5, result.Stats[3], 12);
    }

    [Fact]
    public void TheLShape_IsComparedByItsPixels_NotItsBox()
    {
        // The object is three quarters of its box, so a detection of the whole box passes six of the ten thresholds.
        var mask = new PolygonMask(40, 40, [0, 0, 0, 20, 10, 20, 10, 10, 20, 10, 20, 0]).ToRle(40, 40);
        CocoGroundTruth truth = new([new(1, "a", 40, 40)], [new(1, "thing")], [new(1, 1, 1, 0, 0, 20, 20, 300, false, mask)]);
        DetectionRow box = Found(1, 1, 0, 0, 20, 20, 1) with { Mask = Rle.FromBox(0, 0, 20, 20, 40, 40) };
        CocoResult result = CocoEvaluator.Evaluate(truth, [box], Masks);
        Assert.Equal([0.6, 1, 1], result.Stats[..3].Select(v => Math.Round(v, 12)));
    }

    [Fact]
    public void MissingOrWrongMasks_AreNamed()
    {
        CocoGroundTruth truth = new([new(1, "a", 40, 30)], [new(1, "thing")], [Object(1, 1, 0, 0, 20, 20, 30, 40)], "g.json");
        string Message(CocoGroundTruth g, params DetectionRow[] rows) => Assert.Throws<RcnnException>(() => CocoEvaluator.Evaluate(g, rows, Masks)).Message;
        Assert.Equal("detection 0 has no mask (segmentation)", Message(truth, new DetectionRow(1, 1, 0, 0, 5, 5, 1)));
        Assert.Equal("detection 0: a mask of 40×30, image 1 has 30×40", Message(truth, Found(1, 1, 0, 0, 5, 5, 1, 40, 30)));
        CocoGroundTruth bare = new([new(1, "a", 40, 30)], [new(1, "thing")], [new(7, 1, 1, 0, 0, 5, 5, 25, false)], "g.json");
        Assert.Equal("g.json: annotation 7 has no mask (segmentation)", Message(bare));
        CocoGroundTruth unsized = new([new(1, "a", 0, 0)], [new(1, "thing")], [Object(1, 1, 0, 0, 20, 20, 30, 40)], "g.json");
        Assert.Equal("detection 0: a mask of 40×30, image 1 has 30×40", Message(unsized, Found(1, 1, 0, 0, 5, 5, 1, 40, 30)));
        Assert.Equal(1, CocoEvaluator.Evaluate(unsized, [Found(1, 1, 0, 0, 20, 20, 1, 30, 40)], Masks).Stats[0], 12);
    }

    private static CocoObject Object(long id, int category, int x, int y, int w, int h, int height = 100, int width = 100, bool crowd = false, long image = 1) =>
        new(id, image, category, x, y, w, h, w * h, crowd, Rle.FromBox(x, y, w, h, height, width));

    private static DetectionRow Found(long image, int category, int x, int y, int w, int h, double score, int height = 100, int width = 100) =>
        new(image, category, x, y, w, h, score, Rle.FromBox(x, y, w, h, height, width));

    private static (CocoGroundTruth Truth, List<DetectionRow> Detections) Rectangles(RandomStream random, int images, int classes)
    {
        var objects = new List<CocoObject>();
        var detections = new List<DetectionRow>();
        for (int image = 1; image <= images; image++)
        {
            int count = random.NextInt(6);
            for (int i = 0; i < count; i++)
            {
                int w = 1 + random.NextInt(60), h = 1 + random.NextInt(60), x = random.NextInt(100 - w), y = random.NextInt(100 - h);
                objects.Add(Object(objects.Count + 1, 1 + random.NextInt(classes), x, y, w, h, crowd: random.NextInt(6) == 0, image: image));
                for (int d = 0; d < 3; d++)
                {
                    int left = Math.Clamp(x + random.NextInt(9) - 4, 0, 100 - w), top = Math.Clamp(y + random.NextInt(9) - 4, 0, 100 - h);
                    detections.Add(Found(image, 1 + random.NextInt(classes), left, top, w, h, random.NextInt(10) / 10.0));
                }
            }
        }

        return (new CocoGroundTruth([.. Enumerable.Range(1, images).Select(i => new CocoImage(i, $"{i}", 100, 100))],
            [.. Enumerable.Range(1, classes).Select(c => new CocoCategory(c, $"{c}"))], objects), detections);
    }
}
