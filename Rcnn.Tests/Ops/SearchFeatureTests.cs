using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

/// <summary>Channels and texture of Selective Search.</summary>
public sealed class SearchFeatureTests
{
    [Theory]
    [InlineData(255, 0, 0, 0, 255, 255, 136, 208, 195, 76)]
    [InlineData(0, 255, 0, 60, 255, 255, 224, 42, 211, 150)]
    [InlineData(0, 0, 255, 120, 255, 255, 82, 207, 20, 29)]
    [InlineData(255, 255, 255, 0, 0, 255, 255, 128, 128, 255)]
    [InlineData(0, 0, 0, 0, 0, 0, 0, 128, 128, 0)]
    public void ColourPlanes_OfPureColours(byte r, byte g, byte b, byte hue, byte saturation, byte value, byte lightness, byte a, byte bb, byte intensity)
    {
        Dictionary<ColourPlane, byte[]> planes = ColourPlanes.Split([r, g, b], Enum.GetValues<ColourPlane>().ToHashSet());
        Assert.Equal([hue, saturation, value], new[] { ColourPlane.Hue, ColourPlane.Saturation, ColourPlane.Value }.Select(p => planes[p][0]));
        Assert.Equal([lightness, a, bb], new[] { ColourPlane.Lightness, ColourPlane.A, ColourPlane.B }.Select(p => planes[p][0]));
        Assert.Equal([r, g, b, intensity], new[] { ColourPlane.Red, ColourPlane.Green, ColourPlane.Blue, ColourPlane.Intensity }.Select(p => planes[p][0]));
    }

    [Fact]
    public void ColourPlanes_OfAnyColour_LieWithinTheFixedPointOfTheFormulas()
    {
        var random = new RandomStream(2);
        byte[] rgb = [.. Enumerable.Range(0, 3 * 4000).Select(_ => (byte)random.NextInt(256))];
        Dictionary<ColourPlane, byte[]> planes = ColourPlanes.Split(rgb, Enum.GetValues<ColourPlane>().ToHashSet());
        for (int i = 0; i < rgb.Length / 3; i++)
        {
            double r = rgb[3 * i] / 255.0, g = rgb[(3 * i) + 1] / 255.0, b = rgb[(3 * i) + 2] / 255.0;
            double top = Math.Max(r, Math.Max(g, b)), range = top - Math.Min(r, Math.Min(g, b));
            double hue = range == 0 ? 0 : 30 * (top == r ? (g - b) / range : top == g ? 2 + ((b - r) / range) : 4 + ((r - g) / range));
            double turn = Math.Abs(((hue + 180) % 180) - planes[ColourPlane.Hue][i]);
            Assert.True(Math.Min(turn, 180 - turn) <= 1.01);
            Assert.Equal(top == 0 ? 0 : 255 * range / top, planes[ColourPlane.Saturation][i], 1.01);
            double x = Curve(((0.412453 * Linear(r)) + (0.357580 * Linear(g)) + (0.180423 * Linear(b))) / 0.950456);
            double y = Curve((0.212671 * Linear(r)) + (0.715160 * Linear(g)) + (0.072169 * Linear(b)));
            double z = Curve(((0.019334 * Linear(r)) + (0.119193 * Linear(g)) + (0.950227 * Linear(b))) / 1.088754);
            Assert.Equal(((116 * y) - 16) * 2.55, planes[ColourPlane.Lightness][i], 1.5);
            Assert.Equal((500 * (x - y)) + 128, planes[ColourPlane.A][i], 2.5);
            Assert.Equal((200 * (y - z)) + 128, planes[ColourPlane.B][i], 2.5);
            Assert.Equal(255 * ((0.299 * r) + (0.587 * g) + (0.114 * b)), planes[ColourPlane.Intensity][i], 0.51);
            Assert.Equal(r + g + b == 0 ? 85 : 255 * r / (r + g + b), planes[ColourPlane.NormalisedRed][i], 0.51);
            Assert.Equal(r + g + b == 0 ? 85 : 255 * g / (r + g + b), planes[ColourPlane.NormalisedGreen][i], 0.51);
        }

        static double Linear(double v) => v <= 0.04045 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);
        static double Curve(double v) => v < 0.008856 ? (7.787 * v) + (16.0 / 116) : Math.Cbrt(v);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 9)]
    [InlineData(7, 1)]
    [InlineData(11, 83)]
    public unsafe void ScharrGradient_EqualsTheKernel(int height, int width)
    {
        var random = new RandomStream(height + width);
        byte[] plane = [.. Enumerable.Range(0, height * width).Select(_ => (byte)random.NextInt(256))];
        short[] alongX = new short[plane.Length], alongY = new short[plane.Length];
        fixed (byte* p = plane)
        fixed (short* gx = alongX, gy = alongY)
        {
            ScharrGradient.Apply(p, height, width, gx, gy);
        }

        for (int i = 0; i < plane.Length; i++)
        {
            int y = i / width, x = i % width;
            Assert.Equal((3 * (At(y - 1, x + 1) - At(y - 1, x - 1))) + (10 * (At(y, x + 1) - At(y, x - 1))) + (3 * (At(y + 1, x + 1) - At(y + 1, x - 1))), alongX[i]);
            Assert.Equal((3 * (At(y + 1, x - 1) - At(y - 1, x - 1))) + (10 * (At(y + 1, x) - At(y - 1, x))) + (3 * (At(y + 1, x + 1) - At(y - 1, x + 1))), alongY[i]);
        }

        int At(int y, int x) => plane[(Reflect(y, height) * width) + Reflect(x, width)];
        static int Reflect(int i, int count) => count == 1 ? 0 : i < 0 ? -i : i >= count ? (2 * (count - 1)) - i : i;
    }

    [Fact]
    public unsafe void DiagonalGradient_OfARamp_IsItsSlopeAlongEitherDiagonal()
    {
        const int Height = 40, Width = 50;
        byte[] plane = [.. Enumerable.Range(0, Height * Width).Select(i => (byte)((i % Width * 4) + (i / Width)))];
        int[] first = new int[plane.Length], second = new int[plane.Length];
        fixed (byte* p = plane)
        fixed (int* a = first, b = second)
        {
            new DiagonalGradient(Height, Width).Apply(p, a, b);
        }

        // The turned axes point at (1, 1)/√2 … (−1, 1)/√2 of the image up to their sense; Scharr's kernel multiplies a slope by 32.
        double slope = 32 * DiagonalGradient.Scale / Math.Sqrt(2);
        for (int y = 8; y < Height - 8; y++)
        {
            for (int x = 8; x < Width - 8; x++)
            {
                double[] got = [Math.Abs(first[(y * Width) + x] / slope), Math.Abs(second[(y * Width) + x] / slope)];
                Array.Sort(got);
                Assert.Equal(3, got[0], 0.8);
                Assert.Equal(5, got[1], 0.8);
            }
        }
    }

    [Fact]
    public unsafe void TextureBins_OfAStep_LieInTheExtremeBins()
    {
        const int Height = 12, Width = 12;
        byte[] plane = [.. Enumerable.Range(0, Height * Width).Select(i => i % Width < 6 ? (byte)0 : (byte)200)];
        using var texture = new TextureBins(plane, Height, Width);
        byte[] flat = BitConverter.GetBytes(texture.Pointer[(6 * Width) + 2]), step = BitConverter.GetBytes(texture.Pointer[(6 * Width) + 5]);
        // Positive x: 0 is the lowest bin, the step the highest. Without a negative slope there is one bin; along y nothing changes.
        Assert.Equal([0, 10, 20, 30], flat[..4]);
        Assert.Equal([9, 10, 20, 30], step[..4]);
        Assert.All(Enumerable.Range(0, 8), d => Assert.InRange(step[d], 10 * d, (10 * d) + 9));
    }
}
