namespace Rcnn.Core.Data;

/// <summary>
/// Pillow's bilinear resize of 8-bit images, to its last bit: a triangle filter that widens when shrinking (so it averages, unlike OpenCV's), first
/// along rows, then along columns, each pass in fixed point with 22 fractional bits and rounded to 8 bits.
/// </summary>
public static class PilResize
{
    private const int Precision = 32 - 8 - 2;

    /// <exception cref="ArgumentOutOfRangeException">A size of zero or less.</exception>
    public static RgbImage Bilinear(RgbImage image, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        RgbImage rows = width == image.Width ? image : Horizontal(image, width);
        return height == image.Height ? rows : Vertical(rows, height);
    }

    private static RgbImage Horizontal(RgbImage image, int width)
    {
        Taps taps = Taps.Triangle(image.Width, width);
        var target = new byte[image.Height * width * 3];
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                Sum(image.Pixels, (y * image.Width + taps.First[x]) * 3, 3, taps.Of(x), target, (y * width + x) * 3);
            }
        }

        return new RgbImage(image.Height, width, target);
    }

    private static RgbImage Vertical(RgbImage image, int height)
    {
        Taps taps = Taps.Triangle(image.Height, height);
        var target = new byte[height * image.Width * 3];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                Sum(image.Pixels, (taps.First[y] * image.Width + x) * 3, image.Width * 3, taps.Of(y), target, (y * image.Width + x) * 3);
            }
        }

        return new RgbImage(height, image.Width, target);
    }

    /// <summary>One output pixel: the weighted sum of pixels <paramref name="step"/> bytes apart.</summary>
    private static void Sum(byte[] source, int from, int step, ReadOnlySpan<int> weights, byte[] target, int to)
    {
        const int half = 1 << (Precision - 1);
        int r = half, g = half, b = half;
        foreach (int weight in weights)
        {
            r += source[from] * weight;
            g += source[from + 1] * weight;
            b += source[from + 2] * weight;
            from += step;
        }

        target[to] = (byte)Math.Clamp(r >> Precision, 0, 255);
        target[to + 1] = (byte)Math.Clamp(g >> Precision, 0, 255);
        target[to + 2] = (byte)Math.Clamp(b >> Precision, 0, 255);
    }

    /// <summary>For each output position, the first source position and the weights from there on.</summary>
    private sealed class Taps(int[] first, int[][] weights)
    {
        public int[] First => first;

        public ReadOnlySpan<int> Of(int position) => weights[position];

        public static Taps Triangle(int source, int target)
        {
            double scale = (double)source / target, support = Math.Max(scale, 1);
            var first = new int[target];
            var weights = new int[target][];
            for (int i = 0; i < target; i++)
            {
                double centre = (i + 0.5) * scale;
                int low = Math.Max((int)(centre - support + 0.5), 0), high = Math.Min((int)(centre + support + 0.5), source);
                var real = new double[high - low];
                double sum = 0;
                for (int k = 0; k < real.Length; k++)
                {
                    real[k] = Math.Max(0, 1 - Math.Abs((low + k - centre + 0.5) / support));
                    sum += real[k];
                }

                first[i] = low;
                weights[i] = [.. real.Select(w => (int)Math.Floor(w / sum * (1 << Precision) + 0.5))];
            }

            return new Taps(first, weights);
        }
    }
}
