using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>
/// The blend λ·a + (1 − λ)·b of two images in their own geometry, on a canvas that holds both, λ from Beta(α,α). The objects of both are targets with full weight,
/// as the box losses know no other. Zhang et al. 2019 (arXiv:1902.04103), §3.1.
/// </summary>
public static class MixUp
{
    public static Sample Apply(Sample sample, Sample other, double alpha, RandomStream random)
    {
        double a = Gamma(alpha, random), b = Gamma(alpha, random);
        double weight = a + b > 0 ? a / (a + b) : 0.5;
        int height = Math.Max(sample.Image.Height, other.Image.Height), width = Math.Max(sample.Image.Width, other.Image.Width);
        Sample first = SampleGeometry.Window(sample, 0, 0, height, width), second = SampleGeometry.Window(other, 0, 0, height, width);
        var pixels = new byte[first.Image.Pixels.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)Math.Round((weight * first.Image.Pixels[i]) + ((1 - weight) * second.Image.Pixels[i]));
        }

        return SampleGeometry.Join(first, second, new RgbImage(height, width, pixels));
    }

    /// <summary>Gamma(α, 1) by Marsaglia and Tsang 2000, with their step up for α below 1.</summary>
    private static double Gamma(double alpha, RandomStream random)
    {
        if (alpha < 1)
        {
            return Gamma(alpha + 1, random) * Math.Pow(1 - random.NextDouble(), 1 / alpha);
        }

        double d = alpha - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextGaussian(), v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            if (Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v)))
            {
                return d * v;
            }
        }
    }
}
