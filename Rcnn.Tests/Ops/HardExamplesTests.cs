using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class HardExamplesTests
{
    [Fact]
    public void Top_EqualLosses_KeepLowerIndex()
    {
        Tensor loss = tensor(new float[] { 1, 3, 2, 3, 3, 0 });
        Assert.Equal([1L, 3], Inputs.Longs(HardExamples.Top(loss, 2)));
        Assert.Equal([1L, 3, 4, 2, 0, 5], Inputs.Longs(HardExamples.Top(loss, 100)));
    }

    [Fact]
    public void Top_NaNIsHighest() => Assert.Equal([2L, 1], Inputs.Longs(HardExamples.Top(tensor(new float[] { 0, float.PositiveInfinity, float.NaN, 5 }), 2)));

    [Fact]
    public void TopAfterNms_DropsWhatRepeatsAHarderRegion()
    {
        // 0 and 1 overlap with IoU 0.8, 2 stands alone.
        Tensor boxes = Inputs.BoxTensor([0, 0, 10, 10, 0, 0, 10, 8, 50, 50, 60, 60]);
        Tensor loss = tensor(new float[] { 2, 3, 1 });
        Assert.Equal([1L, 2], Inputs.Longs(HardExamples.TopAfterNms(boxes, loss, 2)));
        Assert.Equal([1L, 0], Inputs.Longs(HardExamples.TopAfterNms(boxes, loss, 2, threshold: 0.81)));
    }

    [Theory]
    [InlineData(1, 700, 64)]
    [InlineData(2, 2000, 128)]
    [InlineData(3, 40, 64)]
    public void TopAfterNms_EqualsTheGreedyOracle(long seed, int count, int wanted)
    {
        var random = new RandomStream(seed);
        float[] boxes = Inputs.Boxes(random, count);
        // Few values, so that many are equal.
        float[] loss = [.. Enumerable.Range(0, count).Select(_ => random.NextInt(30) / 8f)];
        long[] expected = [.. Oracle.Nms(boxes, loss, 0.7).Take(wanted)];
        Tensor view = tensor(loss.SelectMany(v => new[] { v, -v }).ToArray(), [count, 2]).select(1, 0);
        Assert.Equal(expected, Inputs.Longs(HardExamples.TopAfterNms(Inputs.BoxTensor(boxes), view, wanted)));
        Assert.Equal(Enumerable.Range(0, count).OrderByDescending(i => loss[i]).Take(wanted).Select(i => (long)i), Inputs.Longs(HardExamples.Top(view, wanted)));
    }

    [Fact]
    public void Negatives_ThreeForEachPositive_TheHardestOnes()
    {
        Tensor loss = tensor(new float[] { 9, 0.1f, 0.5f, 7, 0.5f, 0.2f, 0.9f, 8 });
        Tensor labels = tensor(new long[] { -1, 2, 0, 0, 0, 0, 0, -1 });
        using SampledIndices drawn = HardExamples.Negatives(loss, labels);
        Assert.Equal([1L], Inputs.Longs(drawn.Positive));
        Assert.Equal([2L, 3, 6], Inputs.Longs(drawn.Negative));
        Assert.Equal([3L], Inputs.Longs(HardExamples.Negatives(loss, labels, ratio: 1.9).Negative));
        Assert.Equal([2L, 3, 4, 5, 6], Inputs.Longs(HardExamples.Negatives(loss, labels, ratio: 100).Negative));
    }

    [Fact]
    public void Negatives_WithoutPositives_GiveTheMinimum()
    {
        Tensor loss = tensor(new float[] { 1, 4, 3 });
        Assert.Equal([1L], Inputs.Longs(HardExamples.Negatives(loss, zeros([3], int64)).Negative));
        Assert.Equal([1L, 2], Inputs.Longs(HardExamples.Negatives(loss, zeros([3], int64), minimum: 2).Negative));
        Assert.Empty(Inputs.Longs(HardExamples.Negatives(loss, zeros([3], int64), minimum: 0).Negative));
    }

    [Fact]
    public void Empty_GivesNothing()
    {
        Assert.Equal([0L], HardExamples.Top(zeros([0]), 5).shape);
        Assert.Equal([0L], HardExamples.TopAfterNms(zeros([0, 4]), zeros([0]), 5).shape);
        using SampledIndices none = HardExamples.Negatives(zeros([0]), zeros([0], int64));
        Assert.Equal((0L, 0L), (none.Positive.numel(), none.Negative.numel()));
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("count ≥ 1 expected, got 0", Assert.Throws<ArgumentOutOfRangeException>(() => HardExamples.Top(zeros([3]), 0)).Message);
        Assert.Contains("loss [N] expected, got [3,1]", Assert.Throws<ArgumentException>(() => HardExamples.Top(zeros([3, 1]), 1)).Message);
        Assert.Contains("loss [2] expected, got [3]", Assert.Throws<ArgumentException>(() => HardExamples.TopAfterNms(zeros([2, 4]), zeros([3]), 1)).Message);
        Assert.Contains("got -1 and 1", Assert.Throws<ArgumentException>(() => HardExamples.Negatives(zeros([3]), zeros([3], int64), -1)).Message);
    }
}
