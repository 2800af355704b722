using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Tests.Data;

public sealed class ColourJitterTests
{
    private static RgbImage Ramp() => new(2, 128, [.. Enumerable.Range(0, 2 * 128 * 3).Select(i => (byte)(i / 3))]);

    [Fact]
    public void Apply_StrengthZero_KeepsEveryPixel() =>
        Assert.Equal(Ramp().Pixels, ColourJitter.Apply(Ramp(), 0, new RandomStream(1)).Pixels);

    [Fact]
    public void Apply_SameStream_SamePixels_AndLeavesTheSource()
    {
        RgbImage image = Ramp();
        byte[] before = [.. image.Pixels];
        RgbImage first = ColourJitter.Apply(image, 0.3, new RandomStream(4, "a")), second = ColourJitter.Apply(image, 0.3, new RandomStream(4, "a"));
        Assert.Equal(first.Pixels, second.Pixels);
        Assert.NotEqual(before, first.Pixels);
        Assert.NotEqual(first.Pixels, ColourJitter.Apply(image, 0.3, new RandomStream(5, "a")).Pixels);
        Assert.Equal(before, image.Pixels);
    }

    [Fact]
    public void Apply_IsTheDocumentedMap()
    {
        var random = new RandomStream(9);
        double gain = random.NextDouble(0.8, 1.2), contrast = random.NextDouble(0.8, 1.2);
        double[] cast = [random.NextDouble(0.9, 1.1), random.NextDouble(0.9, 1.1), random.NextDouble(0.9, 1.1)];
        byte[] source = Ramp().Pixels, actual = ColourJitter.Apply(Ramp(), 0.2, new RandomStream(9)).Pixels;
        for (int i = 0; i < source.Length; i++)
        {
            double expected = (127.5 + ((source[i] - 127.5) * contrast)) * gain * cast[i % 3];
            Assert.InRange(actual[i], Math.Clamp(expected, 0, 255) - 0.5001, Math.Clamp(expected, 0, 255) + 0.5001);
        }
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    public void Apply_StrengthOutsideRange_Throws(double strength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ColourJitter.Apply(Ramp(), strength, new RandomStream(0)));
}
