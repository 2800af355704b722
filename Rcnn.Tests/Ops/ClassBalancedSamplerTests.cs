using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class ClassBalancedSamplerTests
{
    [Fact]
    public void RareClass_GetsItsShare_AndWhatItLeavesGoesToTheOthers()
    {
        // 20 of class 1, 2 of class 2, 20 of class 5, 20 negatives.
        long[] labels = [.. Enumerable.Repeat(1L, 20), 2, 2, .. Enumerable.Repeat(5L, 20), .. Enumerable.Repeat(0L, 20)];
        using SampledIndices drawn = new ClassBalancedSampler(20, 0.5).Sample(tensor(labels), new RandomStream(3));
        long[] positive = Inputs.Longs(drawn.Positive);
        Assert.Equal((4, 2, 4), (positive.Count(i => labels[i] == 1), positive.Count(i => labels[i] == 2), positive.Count(i => labels[i] == 5)));
        Assert.Equal(10, drawn.Negative.shape[0]);
        Assert.Equal(positive.Order(), positive);
        Assert.Equal(10, positive.Distinct().Count());
    }

    [Fact]
    public void WithoutRandomness_TakesTheFirstOfEachClass() =>
        Assert.Equal([0L, 1, 3], Inputs.Longs(new ClassBalancedSampler(6, 0.5).Sample(tensor(new long[] { 1, 1, 1, 2, 2, 0 }), null).Positive));

    [Fact]
    public void Random_FavoursNoClassWithTheLastPlace_AndNoMember()
    {
        // Three places, two classes of four: the third place goes to either as often.
        long[] labels = [1, 1, 1, 1, 2, 2, 2, 2];
        var random = new RandomStream(7);
        var counts = new int[8];
        for (int i = 0; i < 4000; i++)
        {
            foreach (long k in Inputs.Longs(new ClassBalancedSampler(3, 1).Sample(tensor(labels), random).Positive))
            {
                counts[k]++;
            }
        }

        // 1500 expected, standard deviation 31.
        Assert.All(counts, c => Assert.InRange(c, 1350, 1650));
    }

    [Fact]
    public void FewerPositivesThanPlaces_AreAllTaken_AsTheBalancedSamplerDoes()
    {
        Tensor labels = tensor(new long[] { 0, 3, -1, 1, 0, 2, 0, 0 });
        using SampledIndices a = new ClassBalancedSampler(6, 0.5).Sample(labels, new RandomStream(1)), b = new BalancedSampler(6, 0.5).Sample(labels, new RandomStream(1));
        Assert.Equal(Inputs.Longs(b.Positive), Inputs.Longs(a.Positive));
        Assert.Equal(Inputs.Longs(b.Negative), Inputs.Longs(a.Negative));
    }
}
