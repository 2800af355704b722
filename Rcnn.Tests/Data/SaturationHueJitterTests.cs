using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Tests.Data;

public sealed class SaturationHueJitterTests
{
    private static RgbImage Colours()
    {
        var random = new RandomStream(2);
        return new(16, 16, [.. Enumerable.Range(0, 16 * 16 * 3).Select(_ => (byte)random.NextInt(256))]);
    }

    [Fact]
    public void Apply_WithoutStrength_KeepsEveryPixel() => Assert.Equal(Colours().Pixels, SaturationHueJitter.Apply(Colours(), 0, 0, new RandomStream(1)).Pixels);

    [Fact]
    public void Saturation_IsTheBlendWithGrey()
    {
        double factor = new RandomStream(9).NextDouble(0.5, 1.5);
        byte[] source = Colours().Pixels, actual = SaturationHueJitter.Apply(Colours(), 0.5, 0, new RandomStream(9)).Pixels;
        for (int i = 0; i < source.Length; i++)
        {
            int pixel = i / 3 * 3;
            double grey = (0.299 * source[pixel]) + (0.587 * source[pixel + 1]) + (0.114 * source[pixel + 2]);
            Assert.Equal(Math.Clamp((factor * source[i]) + ((1 - factor) * grey), 0, 255), actual[i], 0.5001);
        }
    }

    [Fact]
    public void Hue_TurnsBySextants_AndKeepsGreatestAndSmallestChannel()
    {
        // HSV forth and back by the textbook's six cases.
        var random = new RandomStream(7);
        random.NextDouble(1, 1);
        double turn = random.NextDouble(-0.4, 0.4);
        byte[] source = Colours().Pixels, actual = SaturationHueJitter.Apply(Colours(), 0, 0.4, new RandomStream(7)).Pixels;
        for (int i = 0; i < source.Length; i += 3)
        {
            double[] p = [source[i], source[i + 1], source[i + 2]];
            double max = p.Max(), min = p.Min(), c = max - min;
            double h = c == 0 ? 0 : max == p[0] ? 60 * ((p[1] - p[2]) / c) : max == p[1] ? (60 * ((p[2] - p[0]) / c)) + 120 : (60 * ((p[0] - p[1]) / c)) + 240;
            h = (h + (360 * turn) + 720) % 360;
            double x = c * (1 - Math.Abs((h / 60 % 2) - 1));
            double[] turned = (int)(h / 60) switch { 0 => [c, x, 0], 1 => [x, c, 0], 2 => [0, c, x], 3 => [0, x, c], 4 => [x, 0, c], _ => [c, 0, x] };
            for (int channel = 0; channel < 3; channel++)
            {
                Assert.Equal(turned[channel] + min, actual[i + channel], 0.5001);
            }
        }
    }

    [Theory]
    [InlineData(-0.1, 0)]
    [InlineData(1.1, 0)]
    [InlineData(0, -0.1)]
    [InlineData(0, 0.6)]
    public void Apply_StrengthOutsideRange_Throws(double saturation, double hue) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SaturationHueJitter.Apply(Colours(), saturation, hue, new RandomStream(0)));

    [Fact]
    public void Reader_AppliesIt_AndWithoutItDrawsTheSame()
    {
        var data = DatasetFactory.Open("synthetic:train:2");
        Sample plain = new SampleReader(data, new LoaderOptions { ColourJitter = 0.2 }).Read(0, 1);
        Sample turned = new SampleReader(data, new LoaderOptions { ColourJitter = 0.2, HueJitter = 0.3 }).Read(0, 1);
        Assert.Equal(
            SaturationHueJitter.Apply(plain.Image, 0, 0.3, new RandomStream(0, "saturation-hue/0/1")).Pixels, turned.Image.Pixels);
        Assert.NotEqual(plain.Image.Pixels, turned.Image.Pixels);
    }
}
