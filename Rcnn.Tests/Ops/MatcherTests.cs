using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class MatcherTests
{
    [Fact]
    public void Match_KnownQuality()
    {
        Tensor quality = tensor(new float[] { 0.9f, 0.2f, 0.5f, 0.1f, 0.8f, 0.1f, 0.5f, 0.4f }, [2, 4]);
        Assert.Equal([0L, -1, -2, -2], Inputs.Longs(new Matcher(0.7, 0.3, false).Match(quality)));
        // gt 1's best, 0.8, is at anchor 0, which is gt 0's: it keeps its own best.
        Assert.Equal([0L, -1, -2, -2], Inputs.Longs(new Matcher(0.7, 0.3, true).Match(quality)));
    }

    [Fact]
    public void Match_TruthWithoutOverlap_RescuesEveryAnchorOfQualityZero()
    {
        Tensor anchors = Inputs.BoxTensor([0, 0, 10, 10, 50, 50, 60, 60]), truths = Inputs.BoxTensor([200, 200, 210, 210, 0, 0, 10, 10]);
        Assert.Equal([1L, 0L], Inputs.Longs(new Matcher(0.7, 0.3, true).Match(anchors, truths)));
        Assert.Equal([1L, -1L], Inputs.Longs(new Matcher(0.7, 0.3, false).Match(anchors, truths)));
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 3, 2)]
    [InlineData(1024, 5, 3)]
    [InlineData(2500, 11, 4)]
    public void Fused_EqualsMatchingOfTheIou_AndTheOracle(int anchorCount, int truthCount, long seed)
    {
        var random = new RandomStream(seed);
        float[] boxes = Inputs.Boxes(random, anchorCount), gt = Inputs.Boxes(random, truthCount);
        // Ties: some anchors twice, and an anchor that is a gt.
        boxes.AsSpan(0, Math.Min(40, boxes.Length / 2)).CopyTo(boxes.AsSpan(boxes.Length - Math.Min(40, boxes.Length / 2)));
        gt.AsSpan(0, 4).CopyTo(boxes);
        Tensor anchors = Inputs.BoxTensor(boxes), truths = Inputs.BoxTensor(gt);
        foreach (bool rescue in (bool[])[false, true])
        {
            var matcher = new Matcher(0.5, 0.2, rescue);
            Tensor iou = BoxOps.Iou(truths, anchors);
            long[] fused = Inputs.Longs(matcher.Match(anchors, truths));
            Assert.Equal(Inputs.Longs(matcher.Match(iou)), fused);
            Assert.Equal(Oracle.Match(Inputs.Floats(iou), truthCount, anchorCount, 0.5f, 0.2f, rescue), fused);
        }
    }

    [Fact]
    public void Fused_WithDegenerateAndNaNBoxes_EqualsMatchingOfTheIou()
    {
        float[] boxes = Inputs.Boxes(new RandomStream(8), 1100), gt = Inputs.Boxes(new RandomStream(9), 6);
        (boxes[2], boxes[3]) = (boxes[0], boxes[1]);
        boxes[4 * 1050] = float.NaN;
        (boxes[4 * 20], boxes[4 * 20 + 2]) = (boxes[4 * 20 + 2], boxes[4 * 20]);
        boxes.AsSpan(0, 4).CopyTo(gt.AsSpan(8));
        Tensor anchors = Inputs.BoxTensor(boxes), truths = Inputs.BoxTensor(gt);
        var matcher = new Matcher(0.7, 0.3, true);
        Assert.Equal(Inputs.Longs(matcher.Match(BoxOps.Iou(truths, anchors))), Inputs.Longs(matcher.Match(anchors, truths)));
    }

    [Fact]
    public void NoTruths_IsBackgroundEverywhere_AndNoAnchorsIsEmpty()
    {
        Assert.Equal([-1L, -1L], Inputs.Longs(new Matcher(0.7, 0.3, true).Match(zeros([2, 4]), zeros([0, 4]))));
        Assert.Equal([-1L, -1L], Inputs.Longs(new Matcher(0.7, 0.3, true).Match(zeros([0, 2]))));
        Assert.Empty(Inputs.Longs(new Matcher(0.7, 0.3, true).Match(zeros([0, 4]), zeros([3, 4]))));
    }

    [Fact]
    public void Match_SameAtAnyThreadCount()
    {
        var random = new RandomStream(3);
        Tensor anchors = Inputs.BoxTensor(Inputs.Boxes(random, 9000)), truths = Inputs.BoxTensor(Inputs.Boxes(random, 13));
        Inputs.SameAtAnyThreadCount(() => [.. Inputs.Longs(new Matcher(0.6, 0.2, true).Match(anchors, truths)).Select(m => (float)m)]);
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("low 0.8, high 0.7", Assert.Throws<ArgumentException>(() => new Matcher(0.7, 0.8, true)).Message);
        Assert.Contains("quality [G,A] expected, got [3]", Assert.Throws<ArgumentException>(() => new Matcher(0.7, 0.3, true).Match(zeros([3]))).Message);
    }
}
