using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>
/// Random brightness, contrast and colour cast of an image. With strength j each of gain, contrast and the three channel gains is uniform: gain and contrast
/// in [1 − j, 1 + j], channels in [1 − j/2, 1 + j/2]. Contrast turns about mid-grey. One table of 256 entries a channel, so it costs one pass.
/// </summary>
public static class ColourJitter
{
    /// <summary>A new image; the given one is not changed. Draws five numbers from <paramref name="random"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A strength outside [0, 1).</exception>
    public static RgbImage Apply(RgbImage image, double strength, RandomStream random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(strength);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(strength, 1);
        double gain = Factor(strength, random), contrast = Factor(strength, random);
        Span<byte> table = stackalloc byte[3 * 256];
        for (int channel = 0; channel < 3; channel++)
        {
            double cast = Factor(strength / 2, random);
            for (int value = 0; value < 256; value++)
            {
                table[256 * channel + value] = (byte)Math.Clamp(Math.Round((((value - 127.5) * contrast) + 127.5) * gain * cast), 0, 255);
            }
        }

        byte[] source = image.Pixels, pixels = GC.AllocateUninitializedArray<byte>(source.Length);
        for (int i = 0; i < source.Length; i += 3)
        {
            pixels[i] = table[source[i]];
            pixels[i + 1] = table[256 + source[i + 1]];
            pixels[i + 2] = table[512 + source[i + 2]];
        }

        return new RgbImage(image.Height, image.Width, pixels);
    }

    private static double Factor(double strength, RandomStream random) => random.NextDouble(1 - strength, 1 + strength);
}
