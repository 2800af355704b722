namespace Rcnn.Tests.Ops;

/// <summary>RoIAlign's maximum and RoIWarp once more: slow, in double, sample by sample from the formulas.</summary>
internal static class RoiSamplingOracle
{
    /// <summary>A grid of samples: "legacy", "aligned" (RoIAlign), "edges", "corners", each of the last two also "quantized-…" (RoIWarp).</summary>
    public sealed record Case(string Rule, int Rows, int Columns, double Scale, int Sampling, bool Max);

    /// <summary>Values [K,C,P_h,P_w] and, given the gradient of them, the gradient of the features [B,C,H,W].</summary>
    public static (double[] Values, double[] Gradient) Run(Case c, double[] features, long[] shape, float[] rois, float[]? gradient)
    {
        int channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3], bins = c.Rows * c.Columns;
        var values = new double[rois.Length / 5 * channels * bins];
        var result = new double[features.Length];
        for (int at = 0; at < values.Length; at++)
        {
            int bin = at % bins, channel = at / bins % channels, k = at / bins / channels;
            double[]?[] ys = Axis(c, rois[5 * k + 2], rois[5 * k + 4], c.Rows, bin / c.Columns, height);
            double[]?[] xs = Axis(c, rois[5 * k + 1], rois[5 * k + 3], c.Columns, bin % c.Columns, width);
            int plane = ((int)rois[5 * k] * channels + channel) * height * width;
            int samples = ys.Length * xs.Length;
            (double[] Y, double[] X, double Value)? best = null;
            bool outside = false;
            foreach (double[]? y in ys)
            {
                foreach (double[]? x in xs)
                {
                    if (y is null || x is null)
                    {
                        outside = true;
                        continue;
                    }

                    double v = 0;
                    Visit(y, x, (i, j, w) => v += w * features[plane + i * width + j]);
                    best = best is null || v > best.Value.Value ? (y, x, v) : best;
                    if (!c.Max)
                    {
                        values[at] += v / samples;
                        Visit(y, x, (i, j, w) => result[plane + i * width + j] += w / samples * (gradient?[at] ?? 0));
                    }
                }
            }

            if (c.Max && best is { } b && !(outside && b.Value < 0))
            {
                values[at] = b.Value;
                Visit(b.Y, b.X, (i, j, w) => result[plane + i * width + j] += w * (gradient?[at] ?? 0));
            }
        }

        return (values, result);

        void Visit(double[] y, double[] x, Action<int, int, double> add)
        {
            for (int i = 0; i < height; i++)
            {
                for (int j = 0; j < width; j++)
                {
                    if (y[i] != 0 && x[j] != 0)
                    {
                        add(i, j, y[i] * x[j]);
                    }
                }
            }
        }
    }

    // The samples of a bin as weights of every cell of the axis (a tent around the sample); null for one that counts as 0.
    private static double[]?[] Axis(Case c, float low, float high, int bins, int bin, int size)
    {
        double from = low * c.Scale, to = high * c.Scale;
        if (c.Rule.StartsWith("quantized", StringComparison.Ordinal))
        {
            from = Math.Round(from, MidpointRounding.AwayFromZero);
            to = Math.Max(Math.Round(to, MidpointRounding.AwayFromZero), from + 1);
        }

        double extent = to - from;
        from -= c.Rule == "aligned" ? 0.5 : 0;
        extent = c.Rule == "legacy" ? Math.Max(extent, 1) : extent;
        int grid = c.Sampling > 0 ? c.Sampling : Math.Max((int)Math.Ceiling(extent / bins), 0);
        var samples = new double[]?[grid];
        for (int i = 0; i < grid; i++)
        {
            int u = bin * grid + i, count = bins * grid;
            double p = c.Rule.EndsWith("edges", StringComparison.Ordinal) ? from + extent * u / count
                : c.Rule.EndsWith("corners", StringComparison.Ordinal) ? (count == 1 ? from + extent / 2 : from + extent * u / (count - 1))
                : from + extent * (u + 0.5) / count;
            bool clamped = c.Rule is "legacy" or "aligned";
            bool counts = clamped ? p >= -1 && p <= size : c.Rule.EndsWith("edges", StringComparison.Ordinal) ? p > -1 && p < size : p >= 0 && p <= size - 1;
            p = clamped ? Math.Clamp(p, 0, size - 1) : p;
            samples[i] = counts ? [.. Enumerable.Range(0, size).Select(cell => Math.Max(0, 1 - Math.Abs(p - cell)))] : null;
        }

        return samples;
    }
}
