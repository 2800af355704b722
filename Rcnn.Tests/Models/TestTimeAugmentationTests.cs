using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class TestTimeAugmentationTests
{
    private static readonly TestAugmentation _flip = new() { Flip = true };

    // Random weights find something everywhere: more to fuse than a trained detector gives.
    private static readonly OutputConfig _everything = new() { ScoreThreshold = 0.1, DetectionsPerImage = 30 };

    [Theory]
    [InlineData("pyramid")]
    [InlineData("mask")]
    public void Detect_OfOneCopy_IsPlainDetectionToTheBit(string kind)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = Detector(kind == "mask" ? TinyDetector.Mask : TinyDetector.Pyramid);
        Tensor image = TinyDetector.Scene(3).Image;
        Equal(detector.Detect([image])[0], new TestTimeAugmentation(detector, new()).Detect([image])[0]);
        Equal(detector.Detect([image], scale: 0.5)[0], new TestTimeAugmentation(detector, new() { Scales = [0.5], Fusion = "wbf" }).Detect([image])[0]);
    }

    [Theory]
    [InlineData("nms")]
    [InlineData("soft-nms")]
    [InlineData("wbf")]
    public void Detect_WithFlip_OfAMirroredImage_IsTheMirroredAnswer(string fusion)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = Detector(TinyDetector.Mask);
        Tensor image = TinyDetector.Scene(3).Image;
        var augmented = new TestTimeAugmentation(detector, _flip with { Scales = [1, 0.75], Fusion = fusion });
        Detections plain = augmented.Detect([image])[0], mirrored = augmented.Detect([image.flip(1)])[0];
        Assert.True(plain.Count > 5, $"{plain.Count} detections");
        Assert.Equal(plain.Count, mirrored.Count);
        Assert.Equal(plain.Labels.data<long>().ToArray(), mirrored.Labels.data<long>().ToArray());
        float[] a = TinyDetector.Floats(plain.Boxes), b = TinyDetector.Floats(mirrored.Boxes);
        Assert.All(Enumerable.Range(0, plain.Count), i =>
        {
            Assert.Equal(a[4 * i], 128 - b[4 * i + 2], 1e-3);
            Assert.Equal(a[4 * i + 1], b[4 * i + 1], 1e-3);
            Assert.Equal(a[4 * i + 2], 128 - b[4 * i], 1e-3);
            Assert.Equal(a[4 * i + 3], b[4 * i + 3], 1e-3);
        });
        Assert.True(plain.Masks!.sub(mirrored.Masks!.flip(3)).abs().max().item<float>() < 1e-4);
        Assert.True(plain.Scores.sub(mirrored.Scores).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void Detect_WithFlip_OfASymmetricImage_IsSymmetric()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = Detector(TinyDetector.Pyramid);
        Tensor half = TinyDetector.Scene(3).Image.narrow(1, 0, 64), image = cat([half, half.flip(1)], 1);
        Detections found = new TestTimeAugmentation(detector, _flip with { Fusion = "wbf", Threshold = 0.99 }).Detect([image])[0];
        (float X1, float Y1, float X2, float Y2)[] boxes = Boxes(found);
        Assert.NotEmpty(boxes);
        Assert.All(boxes, b => Assert.Contains(boxes, o =>
            Math.Abs(o.X1 - (128 - b.X2)) + Math.Abs(o.X2 - (128 - b.X1)) + Math.Abs(o.Y1 - b.Y1) + Math.Abs(o.Y2 - b.Y2) < 1e-2));
    }

    [Fact]
    public void Detect_WithProposalsFromOutside_MovesThemWithTheImage()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.SingleMap with { Assembly = "fast-rcnn" };
        using TwoStageDetector detector = Detector(config);
        Tensor image = TinyDetector.Scene(0).Image, proposals = tensor(new[] { 10f, 12f, 42f, 44f, 70f, 40f, 118f, 72f }, [2, 4]);
        Tensor mirrored = tensor(new[] { 86f, 12f, 118f, 44f, 10f, 40f, 58f, 72f }, [2, 4]);
        Detections found = new TestTimeAugmentation(detector, _flip with { Scales = [1, 0.5] }).Detect([image], [proposals])[0];
        // The union of the four copies, by hand, under the same suppression.
        var copies = new List<Detections>();
        foreach (double scale in new[] { 1, 0.5 })
        {
            copies.Add(detector.Detect([image], [proposals], scale)[0]);
            Detections other = detector.Detect([image.flip(1)], [mirrored], scale)[0];
            float[] b = TinyDetector.Floats(other.Boxes);
            copies.Add(other with { Boxes = tensor(Enumerable.Range(0, other.Count).SelectMany(i => new[] { 128 - b[4 * i + 2], b[4 * i + 1], 128 - b[4 * i], b[4 * i + 3] }).ToArray(), [other.Count, 4]) });
        }

        Assert.True(found.Count > 0);
        Equal(TestTimeAugmentation.Fuse(copies, _flip, detector.Config.Output), found);
    }

    [Fact]
    public void Fuse_ByEachRule_OfHandMadeDetections()
    {
        using var scope = NewDisposeScope();
        // Two copies see one object of class 1 (IoU 9/11), the second also one of class 2 in the same place.
        Detections first = Made([0, 0, 10, 10], [0.8f], [1]), second = Made([0, 0, 10, 9, 0, 0, 10, 10, 1, 0, 11, 10], [0.7f, 0.6f, 0.4f], [2, 2, 1]);
        var output = new OutputConfig();
        Detections nms = TestTimeAugmentation.Fuse([first, second], new() { Flip = true }, output);
        Assert.Equal([0.8f, 0.7f], TinyDetector.Floats(nms.Scores));
        Assert.Equal([1, 2], nms.Labels.data<long>().ToArray());

        // Linear decay: 0.6·(1 − 0.9) and 0.4·(1 − 9/11), IoU 90/100 and 90/110.
        Detections soft = TestTimeAugmentation.Fuse([first, second], new() { Fusion = "soft-nms" }, output);
        float[] scores = TinyDetector.Floats(soft.Scores);
        Assert.Equal([1, 2, 1, 2], soft.Labels.data<long>().ToArray());
        Assert.Equal(0.4 * (1 - 90 / 110.0), scores[2], 1e-6);
        Assert.Equal(0.6 * (1 - 0.9), scores[3], 1e-6);

        // Class 1: mean of corners weighted 0.8 : 0.4, mean score 0.6, two boxes of two copies. Class 2: (0.7 + 0.6)/2.
        Detections wbf = TestTimeAugmentation.Fuse([first, second], new() { Fusion = "wbf" }, output);
        Assert.Equal([2, 1], wbf.Labels.data<long>().ToArray());
        Assert.Equal(0.65, TinyDetector.Floats(wbf.Scores)[0], 1e-6);
        Assert.Equal(0.6, TinyDetector.Floats(wbf.Scores)[1], 1e-6);
        Assert.Equal(1 / 3.0, TinyDetector.Floats(wbf.Boxes)[4], 1e-6);
        Assert.Equal(10 + (1 / 3.0), TinyDetector.Floats(wbf.Boxes)[6], 1e-5);

        Detections limited = TestTimeAugmentation.Fuse([first, second], new() { Fusion = "soft-nms" }, output with { DetectionsPerImage = 1 });
        Assert.Equal([0.8f], TinyDetector.Floats(limited.Scores));
        Assert.Equal(0, TestTimeAugmentation.Fuse([Made([], [], []), Made([], [], [])], new() { Fusion = "wbf" }, output).Count);
    }

    /// <summary>Pixels (0,0)–(2,9) and (1,0)–(3,9): half-open IoU 9/27 = 1/3, with both corners counted 20/40 = 1/2.</summary>
    [Theory]
    [InlineData("nms", 1)]
    [InlineData("soft-nms", 2)]
    [InlineData("wbf", 1)]
    public void Fuse_OfInclusiveBoxes_CountsTheLastPixel(string fusion, int count)
    {
        using var scope = NewDisposeScope();
        Detections[] copies = [Made([0, 0, 2, 9], [0.8f], [1]), Made([1, 0, 3, 9], [0.4f], [1])];
        var options = new TestAugmentation { Flip = true, Fusion = fusion, Threshold = 0.4 };
        Detections halfOpen = TestTimeAugmentation.Fuse(copies, options, new()), inclusive = TestTimeAugmentation.Fuse(copies, options, new(), BoxExtent.Inclusive);
        Assert.Equal(2, halfOpen.Count);
        Assert.Equal(count, inclusive.Count);
        Assert.Equal((0.0, 9.0), ((double)Boxes(halfOpen)[0].Y1, (double)Boxes(inclusive)[0].Y2));
        if (fusion == "soft-nms")
        {
            // Linear decay, s·(1 − IoU) above the threshold.
            Assert.Equal(0.4 * (1 - 0.5), TinyDetector.Floats(inclusive.Scores)[1], 1e-6);
            Assert.Equal(0.4, TinyDetector.Floats(halfOpen.Scores)[1], 1e-6);
        }
    }

    [Theory]
    [InlineData("half-open", "half-open", BoxExtent.HalfOpen)]
    [InlineData("half-open", "inclusive", BoxExtent.Inclusive)]
    [InlineData("inclusive", "inclusive", BoxExtent.HalfOpen)]
    public void Extent_IsThatOfTheSelection_UnlessCornersHaveBeenGivenBack(string corners, string selection, BoxExtent expected) =>
        Assert.Equal(expected, TestTimeAugmentation.Extent(new DetectorConfig { Input = new() { Corners = corners }, Output = new() { SelectionExtent = selection } }));

    [Fact]
    public void Detect_WhenNothingIsFound_GivesEmptyDetectionsWithMasks()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Mask with { Output = new() { ScoreThreshold = 1 } }, 0);
        Detections found = new TestTimeAugmentation(detector, _flip).Detect([TinyDetector.Scene(0).Image])[0];
        Assert.Equal([0, 4], found.Boxes.shape);
        Assert.Equal([0, 1, 14, 14], found.Masks!.shape);
    }

    [Fact]
    public void Validate_NamesWhatIsWrong()
    {
        var plain = new DetectorConfig();
        Assert.Contains("[0,1]", Message(new() { Scales = [0, 1] }, plain), StringComparison.Ordinal);
        Assert.Contains("[1,1]", Message(new() { Scales = [1, 1] }, plain), StringComparison.Ordinal);
        Assert.Contains("'max'", Message(new() { Fusion = "max" }, plain), StringComparison.Ordinal);
        Assert.Contains("got 1.5", Message(new() { Threshold = 1.5 }, plain), StringComparison.Ordinal);
        Assert.Contains("input.fixedSize", Message(new() { Scales = [0.5] }, plain with { Input = new() { FixedSize = [64, 64] } }), StringComparison.Ordinal);
    }

    private static string Message(TestAugmentation options, DetectorConfig config) => Assert.Throws<RcnnException>(() => options.Validate(config)).Message;

    private static TwoStageDetector Detector(DetectorConfig config)
    {
        TwoStageDetector detector = DetectorFactory.Create(config with { Output = _everything }, 7);
        detector.eval();
        return detector;
    }

    private static Detections Made(float[] boxes, float[] scores, long[] labels) => new(tensor(boxes, [scores.Length, 4]), tensor(scores), tensor(labels));

    private static (float X1, float Y1, float X2, float Y2)[] Boxes(Detections found)
    {
        float[] b = TinyDetector.Floats(found.Boxes);
        return [.. Enumerable.Range(0, found.Count).Select(i => (b[4 * i], b[4 * i + 1], b[4 * i + 2], b[4 * i + 3]))];
    }

    private static void Equal(Detections expected, Detections actual)
    {
        Assert.Equal(TinyDetector.Floats(expected.Boxes), TinyDetector.Floats(actual.Boxes));
        Assert.Equal(TinyDetector.Floats(expected.Scores), TinyDetector.Floats(actual.Scores));
        Assert.Equal(expected.Labels.data<long>().ToArray(), actual.Labels.data<long>().ToArray());
        Assert.Equal(expected.Masks is null, actual.Masks is null);
        if (expected.Masks is not null)
        {
            Assert.Equal(TinyDetector.Floats(expected.Masks), TinyDetector.Floats(actual.Masks!));
        }
    }
}
