using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class MaskTargetsTests
{
    [Fact]
    public void TheBoxOfARectangularObject_IsAllOnes_AndHalfOfItHalf()
    {
        Tensor masks = zeros([2, 20, 20], uint8);
        masks[1, 4..12, 6..14] = 1;
        Tensor boxes = Inputs.BoxTensor([7, 5, 13, 11, 0, 0, 4, 4, 7, 5, 13, 11]);
        float[] targets = Inputs.Floats(MaskTargets.Of(masks, boxes, tensor(new long[] { 1, 1, 0 }), 4));
        Assert.All(targets[..16], v => Assert.Equal(1, v));
        Assert.All(targets[16..], v => Assert.Equal(0, v));
    }

    [Fact]
    public void Cells_AreAverages_AndAreNotRounded()
    {
        // The left half of the box is covered; a cell of one column in the middle lies half on it.
        Tensor masks = zeros([1, 12, 12], uint8);
        masks[0, 0..12, 0..6] = 1;
        float[] targets = Inputs.Floats(MaskTargets.Of(masks, Inputs.BoxTensor([1.5f, 2, 10.5f, 11]), tensor(new long[] { 0 }), 3));
        Assert.Equal([1f, 1, 1], [targets[0], targets[3], targets[6]]);
        Assert.All(new[] { targets[1], targets[4], targets[7] }, v => Assert.InRange(v, 0.3f, 0.7f));
        Assert.Equal([0f, 0, 0], [targets[2], targets[5], targets[8]]);
    }

    [Fact]
    public void RandomBoxes_AreAsRoiAlignOfTheMaskAsFloats_AtAnyThreadCount()
    {
        var random = new RandomStream(7);
        Tensor masks = rand([5, 37, 53]).gt(0.5).to(uint8);
        float[] corners = Inputs.Boxes(random, 60, width: 50, height: 35, largest: 60);
        (corners[0], corners[1], corners[2], corners[3]) = (-200, -100, 400, 300);
        (corners[4], corners[6]) = (20, 20);
        (corners[8], corners[10]) = (30, 10);
        Tensor boxes = Inputs.BoxTensor(corners), matched = tensor(Enumerable.Range(0, 60).Select(i => (long)(i % 5)).ToArray());
        Tensor rois = cat([matched.to(float32).unsqueeze(1), boxes], 1);
        float[] expected = Inputs.Floats(RoiAlign.Apply(masks.to(float32).unsqueeze(1), rois, 14, 14, 1, 0, aligned: false));
        Inputs.Close([.. expected.Select(v => (double)v)], Inputs.Floats(MaskTargets.Of(masks, boxes, matched, 14)), 1e-6);
        Inputs.SameAtAnyThreadCount(() => Inputs.Floats(MaskTargets.Of(masks, boxes, matched, 14)));
    }

    [Fact]
    public void NothingOrWrong_IsNamed()
    {
        Tensor masks = zeros([2, 5, 5], uint8), none = zeros([0], int64);
        Assert.Equal([0L, 28, 28], MaskTargets.Of(masks, Inputs.BoxTensor([]), none, 28).shape);
        Assert.Equal([0L, 28, 28], MaskTargets.Of(zeros([0, 5, 5], uint8), Inputs.BoxTensor([]), none, 28).shape);
        string Message(Action act) => Assert.ThrowsAny<ArgumentException>(act).Message;
        Assert.Contains("matched[0]: an object 0…1 expected, got 2", Message(() => MaskTargets.Of(masks, Inputs.BoxTensor([0, 0, 1, 1]), tensor(new long[] { 2 }), 4)));
        Assert.Contains("masks [G,H,W] expected, got [5,5]", Message(() => MaskTargets.Of(masks[0], Inputs.BoxTensor([0, 0, 1, 1]), tensor(new long[] { 0 }), 4)));
        Assert.Contains("matched [1] expected, got [0]", Message(() => MaskTargets.Of(masks, Inputs.BoxTensor([0, 0, 1, 1]), none, 4)));
        Assert.Contains("masks of", Message(() => MaskTargets.Of(masks.to(float32), Inputs.BoxTensor([0, 0, 1, 1]), tensor(new long[] { 0 }), 4)));
    }
}
