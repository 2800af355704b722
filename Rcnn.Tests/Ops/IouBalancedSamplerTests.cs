using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class IouBalancedSamplerTests
{
    [Fact]
    public void EachBin_GivesTheSame()
    {
        // 90 negatives in the lowest third, 5 in each of the others; 12 places, no positives.
        float[] overlaps = [.. Enumerable.Repeat(0f, 90), .. Enumerable.Repeat(0.2f, 5), .. Enumerable.Repeat(0.45f, 5)];
        using SampledIndices drawn = new IouBalancedSampler(12, 0.25).Sample(zeros([100], int64), tensor(overlaps), new RandomStream(1));
        long[] negative = Inputs.Longs(drawn.Negative);
        Assert.Equal((4, 4, 4), (negative.Count(i => i < 90), negative.Count(i => i is >= 90 and < 95), negative.Count(i => i >= 95)));
        Assert.Equal(negative.Distinct().Order(), negative);
    }

    [Fact]
    public void EmptyBin_LeavesItsShareToTheRest()
    {
        float[] overlaps = [.. Enumerable.Repeat(0f, 50), 0.45f, 0.49f];
        using SampledIndices drawn = new IouBalancedSampler(12, 0.25).Sample(zeros([52], int64), tensor(overlaps), new RandomStream(1));
        long[] negative = Inputs.Longs(drawn.Negative);
        Assert.Equal(12, negative.Length);
        Assert.Contains(50L, negative);
        Assert.Contains(51L, negative);
    }

    [Fact]
    public void OutsideTheRange_AndNaN_FallIntoTheOuterBins()
    {
        float[] overlaps = [float.NaN, 0.1f, 0.3f, 0.9f, -1];
        using SampledIndices drawn = new IouBalancedSampler(3, 0).Sample(zeros([5], int64), tensor(overlaps), null);
        Assert.Equal([0L, 2, 3], Inputs.Longs(drawn.Negative));
    }

    [Fact]
    public void WithoutOverlaps_OrWithWrongOnes_IsNamed()
    {
        Assert.Contains("overlaps [N] expected", Assert.Throws<ArgumentException>(() => new IouBalancedSampler(4, 0.5).Sample(zeros([5], int64), null, null)).Message);
        Assert.Contains("overlaps [5] expected, got [4]", Assert.Throws<ArgumentException>(() => new IouBalancedSampler(4, 0.5).Sample(zeros([5], int64), zeros([4]), null)).Message);
        Assert.Contains("got 1.5", Assert.Throws<ArgumentException>(() => new IouBalancedSampler(4, 0.5, 3, 1.5)).Message);
    }
}
