using FsCheck;
using FsCheck.Fluent;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class NmsTests
{
    [Fact]
    public void Nms_ThreeBoxes_DropsTheOverlappingLowerScore()
    {
        Tensor boxes = Inputs.BoxTensor([0, 0, 10, 10, 1, 0, 11, 10, 20, 20, 30, 30]);
        Assert.Equal([1L, 2L], Inputs.Longs(Nms.Run(boxes, tensor(new[] { 0.5f, 0.9f, 0.1f }), 0.5)));
    }

    [Fact]
    public void Nms_EqualScores_KeepsLowerIndex()
    {
        Tensor boxes = Inputs.BoxTensor([0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10]);
        Assert.Equal([0L], Inputs.Longs(Nms.Run(boxes, tensor(new[] { 0f, -0f, 0f }), 0.5)));
        Assert.Equal([0L, 1, 2], Inputs.Longs(Nms.Run(boxes, ones([3]), 1.0)));
    }

    [Fact]
    public void Nms_IouAtTheThreshold_StaysUnlessTheFloatIsAboveTheDouble()
    {
        Tensor half = Inputs.BoxTensor([0, 0, 2, 1, 0, 0, 1, 1]);
        Assert.Equal(2, Nms.Run(half, tensor(new[] { 1f, 0.5f }), 0.5).shape[0]);
        Tensor threeTenths = Inputs.BoxTensor([0, 0, 10, 1, 0, 0, 3, 1]);
        Assert.Equal(1, Nms.Run(threeTenths, tensor(new[] { 1f, 0.5f }), 0.3).shape[0]);
    }

    [Fact]
    public void Nms_BoxesWithoutArea_AreAllKept()
    {
        Tensor boxes = Inputs.BoxTensor([5, 5, 5, 5, 5, 5, 5, 5, float.NaN, 0, 1, 1]);
        Assert.Equal([0L, 1, 2], Inputs.Longs(Nms.Run(boxes, tensor(new[] { 3f, 2f, 1f }), 0.1)));
    }

    [Fact]
    public void Nms_NaNScore_ComesFirst()
    {
        Tensor boxes = Inputs.BoxTensor([0, 0, 1, 1, 5, 5, 6, 6, 9, 9, 10, 10]);
        Assert.Equal([1L, 2, 0], Inputs.Longs(Nms.Run(boxes, tensor(new[] { float.NegativeInfinity, float.NaN, float.PositiveInfinity }), 0.5)));
    }

    [Theory]
    [InlineData(1, 0.5, 1)]
    [InlineData(17, 0.3, 2)]
    [InlineData(65, 0.5, 3)]
    [InlineData(400, 0.1, 4)]
    [InlineData(1500, 0.7, 5)]
    public void Nms_EqualsTheOracle(int count, double threshold, long seed)
    {
        var random = new RandomStream(seed);
        float[] boxes = Inputs.Boxes(random, count), scores = [.. Enumerable.Range(0, count).Select(_ => (float)Math.Round(random.NextDouble(-1, 1), 2))];
        long[] kept = Inputs.Longs(Nms.Run(Inputs.BoxTensor(boxes), tensor(scores), threshold));
        Assert.Equal(Oracle.Nms(boxes, scores, threshold), kept);
        Assert.Equal(Enumerable.Range(0, kept.Length).Select(i => (long)i), Inputs.Longs(Nms.Run(Inputs.BoxTensor(boxes).index_select(0, tensor(kept)), tensor(scores).index_select(0, tensor(kept)), threshold)));
    }

    [Theory]
    [InlineData(300, 5)]
    [InlineData(1000, 7)]
    [InlineData(1001, 7)]
    [InlineData(3000, 80)]
    public void Batched_EqualsTheOraclePerClass(int count, int classes)
    {
        var random = new RandomStream(count);
        // Whole coordinates, so that moving the classes apart rounds nothing.
        float[] boxes = [.. Inputs.Boxes(random, count).Select(MathF.Ceiling)], scores = [.. Enumerable.Range(0, count).Select(_ => (float)Math.Round(random.NextDouble(), 2))];
        long[] labels = [.. Enumerable.Range(0, count).Select(_ => (long)random.NextInt(classes))];
        Assert.Equal(Oracle.Nms(boxes, scores, 0.5, labels), Inputs.Longs(Nms.Batched(Inputs.BoxTensor(boxes), tensor(scores), tensor(labels), 0.5)));
    }

    [Fact]
    public void Batched_AnyClassNumbers_AreJustNames()
    {
        var random = new RandomStream(2);
        float[] boxes = Inputs.Boxes(random, 1200), scores = [.. Enumerable.Range(0, 1200).Select(_ => (float)random.NextDouble())];
        long[] labels = [.. Enumerable.Range(0, 1200).Select(i => (long)(i % 3))];
        long[] named = [.. labels.Select(l => l switch { 0 => long.MinValue, 1 => 7, _ => long.MaxValue })];
        Assert.Equal(Inputs.Longs(Nms.Batched(Inputs.BoxTensor(boxes), tensor(scores), tensor(labels), 0.5)),
            Inputs.Longs(Nms.Batched(Inputs.BoxTensor(boxes), tensor(scores), tensor(named), 0.5)));
    }

    [Fact]
    public void Nms_OfPermutedBoxes_KeepsTheSameBoxes()
    {
        Prop.ForAll(Arb.From(Gen.Choose(1, 1_000_000)), seed =>
        {
            var random = new RandomStream(seed);
            Tensor boxes = Inputs.BoxTensor(Inputs.Boxes(random, 60)), scores = tensor(random.Permutation(60).Select(i => (float)i).ToArray());
            long[] order = [.. random.Permutation(60).Select(i => (long)i)];
            long[] kept = Inputs.Longs(Nms.Run(boxes, scores, 0.4));
            long[] permuted = Inputs.Longs(Nms.Run(boxes.index_select(0, tensor(order)), scores.index_select(0, tensor(order)), 0.4));
            return kept.SequenceEqual(permuted.Select(i => order[i]));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Nms_OfMovedAndScaledBoxes_KeepsTheSame_AndViewsToo()
    {
        var random = new RandomStream(21);
        Tensor boxes = Inputs.BoxTensor([.. Inputs.Boxes(random, 200).Select(MathF.Floor)]), scores = tensor(random.Permutation(200).Select(i => (float)i).ToArray());
        long[] kept = Inputs.Longs(Nms.Run(boxes, scores, 0.4));
        Assert.Equal(kept, Inputs.Longs(Nms.Run(boxes.add(32), scores, 0.4)));
        Assert.Equal(kept, Inputs.Longs(Nms.Run(boxes.mul(8), scores, 0.4)));
        Tensor view = boxes.t().contiguous().t(), strided = stack([scores, scores], 1).select(1, 1);
        Assert.False(view.is_contiguous() || strided.is_contiguous());
        Assert.Equal(kept, Inputs.Longs(Nms.Run(view, strided, 0.4)));
    }

    [Fact]
    public void Nms_HugeInvertedAndInfiniteBoxes_SuppressOnlyByANumber()
    {
        // Overflowing areas give NaN, an inverted box meets nothing.
        Tensor boxes = Inputs.BoxTensor([-1e30f, -1e30f, 1e30f, 1e30f, -1e30f, -1e30f, 1e30f, 1e30f, 9, 9, 2, 2, 0, 0, float.PositiveInfinity, 5, 0, 0, 10, 10]);
        Assert.Equal([0L, 1, 2, 3, 4], Inputs.Longs(Nms.Run(boxes, tensor(new[] { 5f, 4, 3, 2, 1 }), 0.1)));
    }

    [Fact]
    public void Empty_GivesNothing()
    {
        Assert.Equal([0L], Nms.Run(zeros([0, 4]), zeros([0]), 0.5).shape);
        Assert.Equal([0L], Nms.Batched(zeros([0, 4]), zeros([0]), zeros([0], int64), 0.5).shape);
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("scores [3] expected, got [2]", Assert.Throws<ArgumentException>(() => Nms.Run(zeros([3, 4]), zeros([2]), 0.5)).Message);
        Assert.Contains("idxs of Int64 expected, got Float32", Assert.Throws<ArgumentException>(() => Nms.Batched(zeros([3, 4]), zeros([3]), zeros([3]), 0.5)).Message);
    }

    [Theory]
    [InlineData(10, 3)]
    [InlineData(500, 100)]
    [InlineData(5000, 1)]
    [InlineData(5000, 4999)]
    public unsafe void Top_IsTheBeginningOfTheFullOrder(int count, int k)
    {
        var random = new RandomStream(count + k);
        float[] scores = [.. Enumerable.Range(0, count).Select(_ => (float)Math.Round(random.NextGaussian(), 1))];
        int[] full = new int[count], top = new int[k];
        fixed (float* s = scores)
        fixed (int* f = full, t = top)
        {
            ScoreOrder.Descending(s, count, f);
            Assert.Equal(k, ScoreOrder.Top(s, count, k, t));
        }

        Assert.Equal(Enumerable.Range(0, count).OrderByDescending(i => scores[i]), full);
        Assert.Equal(full[..k], top);
    }
}
