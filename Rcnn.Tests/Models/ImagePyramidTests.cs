using Rcnn.Core;
using Rcnn.Core.Models;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class ImagePyramidTests
{
    [Fact]
    public void Assign_TakesTheScaleNearestTo224Squared_AndTheFirstOfEqualOnes()
    {
        // 40 × 60 pixels at factors 1, 2, 4 and 5: 2400, 9600, 38400, 60000 and the distances 47776, 40576, 11776, 9824.
        double[] factors = [1, 2, 4, 5];
        (double Side, int Scale)[] cases = [(Math.Sqrt(2400), 3), (224, 0), (112, 1), (56, 2), (20, 3), (1000, 0)];
        Assert.Equal(cases.Select(c => c.Scale), ImagePyramid.Assign([.. factors.Select(f => cases.Select(c => c.Side * c.Side * f * f).ToArray())]));
        Assert.Equal([0], ImagePyramid.Assign([[50000], [50000]]));
    }

    [Fact]
    public void Detect_InOneScale_IsPlainDetectionToTheBit()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = Detector();
        (Tensor[] images, Tensor[] regions) = Scene();
        Detections[] plain = [.. detector.Detect(images, regions, 2)], pyramid = [.. new TestTimeAugmentation(detector, new() { Scales = [2], Fusion = "pyramid" }).Detect(images, regions)];
        Assert.All(Enumerable.Range(0, 2), i =>
        {
            Assert.True(plain[i].Count > 0);
            Assert.True(plain[i].Boxes.Equals(pyramid[i].Boxes));
            Assert.True(plain[i].Scores.Equals(pyramid[i].Scores));
        });
    }

    [Fact]
    public void Detect_AnswersForEachRegionAsItsOwnScaleDoes()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = Detector();
        (Tensor[] images, Tensor[] regions) = Scene();
        IReadOnlyList<Detections> pyramid = new TestTimeAugmentation(detector, new() { Scales = [2, 4], Fusion = "pyramid" }).Detect(images, regions);
        for (int i = 0; i < 2; i++)
        {
            // Suppression is off: the answer is that of the small regions at 4 and of the large one at 2, put together.
            Tensor small = regions[i].narrow(0, 0, 2), large = regions[i].narrow(0, 2, 1);
            Detections atFour = detector.Detect([images[i]], [small], 4)[0], atTwo = detector.Detect([images[i]], [large], 2)[0];
            Tensor scores = cat([atFour.Scores, atTwo.Scores], 0), order = scores.argsort(0, descending: true);
            Assert.Equal(TinyDetector.Floats(scores.index_select(0, order)), TinyDetector.Floats(pyramid[i].Scores), (a, b) => Math.Abs(a - b) < 1e-5);
            Assert.Equal(TinyDetector.Floats(cat([atFour.Boxes, atTwo.Boxes], 0).index_select(0, order)), TinyDetector.Floats(pyramid[i].Boxes), (a, b) => Math.Abs(a - b) < 1e-2);
        }

        Assert.Equal(0, new TestTimeAugmentation(detector, new() { Scales = [2, 4], Fusion = "pyramid" }).Detect([images[0]], [zeros([0, 4])])[0].Count);
    }

    [Fact]
    public void Pyramid_WhereItMeansNothing_IsRefused()
    {
        using TwoStageDetector fast = Detector(), faster = DetectorFactory.Create(TinyDetector.Pyramid, 0);
        Assert.Contains("got faster-rcnn-fpn", Refused(faster, new() { Scales = [1, 2], Fusion = "pyramid" }), StringComparison.Ordinal);
        Assert.Contains("got fast-rcnn, flip", Refused(fast, new() { Flip = true, Fusion = "pyramid" }), StringComparison.Ordinal);
        Assert.Contains("got fast-rcnn, threshold", Refused(fast, new() { Scales = [1, 2], Fusion = "pyramid", Threshold = 0.5 }), StringComparison.Ordinal);
        Assert.Contains("proposals of 1 images expected", Assert.Throws<ArgumentException>(
            () => new TestTimeAugmentation(fast, new() { Scales = [1, 2], Fusion = "pyramid" }).Detect([zeros([3, 64, 64])])).Message, StringComparison.Ordinal);
    }

    private static string Refused(TwoStageDetector detector, TestAugmentation options) => Assert.Throws<RcnnException>(() => new TestTimeAugmentation(detector, options)).Message;

    private static TwoStageDetector Detector()
    {
        DetectorConfig model = Training.TinyDetector.Config(2).Model;
        TwoStageDetector detector = DetectorFactory.Create(
            model with { Assembly = "fast-rcnn", Output = model.Output with { ScoreThreshold = 0.01, NmsThreshold = 1, DetectionsPerImage = 100 } }, 3);
        detector.eval();
        return detector;
    }

    // At 2 and 4 times their size, regions of 30 pixels are nearer to 224² at 4, one of 90 at 2.
    private static (Tensor[] Images, Tensor[] Regions) Scene()
    {
        manual_seed(1);
        Tensor[] images = [rand([3, 96, 96]), rand([3, 96, 120])];
        Tensor regions = tensor(new float[] { 5, 5, 35, 36, 50, 40, 80, 69, 2, 3, 92, 94 }, [3, 4]);
        return (images, [regions, regions.add(1)]);
    }
}
