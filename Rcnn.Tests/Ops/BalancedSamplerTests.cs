using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BalancedSamplerTests
{
    [Fact]
    public void WithoutRandomness_TakesTheFirst_AndFillsWithNegatives()
    {
        SampledIndices s = new BalancedSampler(4, 0.5).Sample(tensor(new long[] { 0, 3, -1, 1, 0, 2, 0, 0 }), null);
        Assert.Equal([1L, 3], Inputs.Longs(s.Positive));
        Assert.Equal([0L, 4], Inputs.Longs(s.Negative));
        s = new BalancedSampler(4, 0.5).Sample(tensor(new float[] { 0, 1, -1, 0, 0, -2, 0 }), null);
        Assert.Equal([1L], Inputs.Longs(s.Positive));
        Assert.Equal([0L, 3, 4], Inputs.Longs(s.Negative));
    }

    [Fact]
    public void FewNegatives_AreNotMadeUpFor()
    {
        SampledIndices s = new BalancedSampler(8, 0.25).Sample(tensor(new long[] { 1, 1, 1, 0 }), new RandomStream(0));
        Assert.Equal((2L, 1L), (s.Positive.shape[0], s.Negative.shape[0]));
    }

    [Fact]
    public void Random_DrawsEachPositiveEquallyOften_AndNoneTwice()
    {
        var random = new RandomStream(11);
        Tensor labels = tensor(Enumerable.Range(0, 40).Select(i => (long)(i % 2)).ToArray());
        var counts = new int[40];
        for (int i = 0; i < 2000; i++)
        {
            using SampledIndices s = new BalancedSampler(10, 0.5).Sample(labels, random);
            long[] drawn = [.. Inputs.Longs(s.Positive), .. Inputs.Longs(s.Negative)];
            Assert.Equal(10, drawn.Distinct().Count());
            Assert.All(Inputs.Longs(s.Positive), k => Assert.Equal(1, k % 2));
            foreach (long k in drawn)
            {
                counts[k]++;
            }
        }

        // 500 expected, standard deviation 19.
        Assert.All(counts, c => Assert.InRange(c, 400, 600));
    }

    [Fact]
    public void SameSeed_SameChoice()
    {
        Tensor labels = tensor(Enumerable.Range(0, 100).Select(i => (long)(i % 3 - 1)).ToArray());
        var sampler = new BalancedSampler(20, 0.5);
        Assert.Equal(Inputs.Longs(sampler.Sample(labels, new RandomStream(5)).Negative), Inputs.Longs(sampler.Sample(labels, new RandomStream(5)).Negative));
        Assert.NotEqual(Inputs.Longs(sampler.Sample(labels, new RandomStream(5)).Negative), Inputs.Longs(sampler.Sample(labels, new RandomStream(6)).Negative));
    }

    [Fact]
    public void NoLabels_DrawsNothing() => Assert.Equal(0, new BalancedSampler(4, 0.5).Sample(zeros([0]), new RandomStream(0)).Negative.shape[0]);

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("got 1.5", Assert.Throws<ArgumentException>(() => new BalancedSampler(4, 1.5)).Message);
        Assert.Contains("labels [N] expected, got [2,2]", Assert.Throws<ArgumentException>(() => new BalancedSampler(4, 0.5).Sample(zeros([2, 2]), null)).Message);
        Assert.Contains("labels of Int64 expected, got Int32", Assert.Throws<ArgumentException>(() => new BalancedSampler(4, 0.5).Sample(zeros([2], int32), null)).Message);
    }
}
