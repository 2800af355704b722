using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>
/// Random saturation and hue of an image. Saturation blends with the pixel's grey (0.299 R + 0.587 G + 0.114 B) by a factor uniform in [1 − s, 1 + s]; hue then turns
/// in the HSV hexcone by an angle uniform in [−h, h] turns, which keeps a pixel's greatest and smallest channel.
/// </summary>
public static class SaturationHueJitter
{
    /// <summary>A new image; the given one is not changed. Draws two numbers from <paramref name="random"/>, whatever the strengths.</summary>
    /// <param name="image">8-bit RGB.</param>
    /// <param name="saturation">s, 0 to 1.</param>
    /// <param name="hue">h, 0 to 0.5 turns.</param>
    /// <param name="random">Where the factor and the angle come from.</param>
    /// <exception cref="ArgumentOutOfRangeException">A strength outside its range.</exception>
    public static RgbImage Apply(RgbImage image, double saturation, double hue, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(saturation);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(saturation, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(hue);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hue, 0.5);
        double factor = random.NextDouble(1 - saturation, 1 + saturation), turn = random.NextDouble(-hue, hue);
        byte[] source = image.Pixels, pixels = GC.AllocateUninitializedArray<byte>(source.Length);
        for (int i = 0; i < source.Length; i += 3)
        {
            (double r, double g, double b) = Saturate(source[i], source[i + 1], source[i + 2], factor);
            (r, g, b) = Turn(r, g, b, turn);
            (pixels[i], pixels[i + 1], pixels[i + 2]) = ((byte)Math.Round(r), (byte)Math.Round(g), (byte)Math.Round(b));
        }

        return new RgbImage(image.Height, image.Width, pixels);
    }

    private static (double R, double G, double B) Saturate(double r, double g, double b, double factor)
    {
        double grey = (0.299 * r) + (0.587 * g) + (0.114 * b);
        return (Blend(r), Blend(g), Blend(b));

        double Blend(double value) => Math.Clamp(grey + ((value - grey) * factor), 0, 255);
    }

    private static (double R, double G, double B) Turn(double r, double g, double b, double turn)
    {
        double most = Math.Max(r, Math.Max(g, b)), chroma = most - Math.Min(r, Math.Min(g, b));
        if (turn == 0 || chroma == 0)
        {
            return (r, g, b);
        }

        double sextant = most == r ? (g - b) / chroma : most == g ? ((b - r) / chroma) + 2 : ((r - g) / chroma) + 4;
        double hue = sextant + (6 * turn);
        return (Channel(5), Channel(3), Channel(1));

        // The hexcone in closed form: a channel falls by the chroma where its distance on the circle from the hue's sextant says so.
        double Channel(int offset)
        {
            double k = (((offset + hue) % 6) + 6) % 6;
            return most - (chroma * Math.Clamp(Math.Min(k, 4 - k), 0, 1));
        }
    }
}
