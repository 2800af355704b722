using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

/// <summary>The operators once more: slow, in double, straight from the formulas. They define what is right.</summary>
internal static class Oracle
{
    public static double Iou(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double w = Math.Max(0, Math.Min((double)a[2], b[2]) - Math.Max((double)a[0], b[0]));
        double h = Math.Max(0, Math.Min((double)a[3], b[3]) - Math.Max((double)a[1], b[1]));
        double union = Area(a) + Area(b) - w * h;
        return w * h / union;
    }

    public static double GeneralizedIou(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double w = Math.Max(0, Math.Min((double)a[2], b[2]) - Math.Max((double)a[0], b[0]));
        double h = Math.Max(0, Math.Min((double)a[3], b[3]) - Math.Max((double)a[1], b[1]));
        double union = Area(a) + Area(b) - w * h;
        double hull = (Math.Max((double)a[2], b[2]) - Math.Min((double)a[0], b[0])) * (Math.Max((double)a[3], b[3]) - Math.Min((double)a[1], b[1]));
        return w * h / union - (hull - union) / hull;
    }

    public static double Area(ReadOnlySpan<float> b) => ((double)b[2] - b[0]) * ((double)b[3] - b[1]);

    /// <summary>Mean of bilinear samples; features [B,C,H,W], result [K,C,P_h,P_w].</summary>
    public static double[] RoiAlign(double[] features, long[] shape, float[] rois, int ph, int pw, double scale, int sampling, bool aligned)
    {
        int channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3], count = rois.Length / 5;
        var output = new double[count * channels * ph * pw];
        ForEachSample(shape, rois, ph, pw, scale, sampling, aligned, (bin, batch, c, y, x, weight) =>
            output[bin] += weight * features[((batch * channels + c) * height + y) * width + x]);
        return output;
    }

    /// <summary>The transposed map of <see cref="RoiAlign"/>.</summary>
    public static double[] RoiAlignGradient(float[] gradient, long[] shape, float[] rois, int ph, int pw, double scale, int sampling, bool aligned)
    {
        int channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3];
        var result = new double[shape[0] * channels * height * width];
        ForEachSample(shape, rois, ph, pw, scale, sampling, aligned, (bin, batch, c, y, x, weight) =>
            result[((batch * channels + c) * height + y) * width + x] += weight * gradient[bin]);
        return result;
    }

    /// <summary>Maximum of the cells of each bin, and where it is (−1: nowhere).</summary>
    public static (float[] Values, int[] Winners) RoiPool(float[] features, long[] shape, float[] rois, int ph, int pw, double scale)
    {
        int channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3], count = rois.Length / 5;
        var values = new float[count * channels * ph * pw];
        var winners = new int[values.Length];
        for (int k = 0; k < count; k++)
        {
            int[] corner = [.. Enumerable.Range(1, 4).Select(i => (int)Math.Round((double)(rois[5 * k + i] * (float)scale), MidpointRounding.AwayFromZero))];
            double binHeight = Math.Max(corner[3] - corner[1] + 1, 1) / (float)ph, binWidth = Math.Max(corner[2] - corner[0] + 1, 1) / (float)pw;
            for (int c = 0; c < channels; c++)
            {
                for (int bin = 0; bin < ph * pw; bin++)
                {
                    int y0 = Math.Clamp((int)MathF.Floor(bin / pw * (float)binHeight) + corner[1], 0, height);
                    int y1 = Math.Clamp((int)MathF.Ceiling((bin / pw + 1) * (float)binHeight) + corner[1], 0, height);
                    int x0 = Math.Clamp((int)MathF.Floor(bin % pw * (float)binWidth) + corner[0], 0, width);
                    int x1 = Math.Clamp((int)MathF.Ceiling((bin % pw + 1) * (float)binWidth) + corner[0], 0, width);
                    int at = (k * channels + c) * ph * pw + bin;
                    (values[at], winners[at]) = (y1 > y0 && x1 > x0 ? float.MinValue : 0, -1);
                    for (int y = y0; y < y1; y++)
                    {
                        for (int x = x0; x < x1; x++)
                        {
                            float v = features[(((int)rois[5 * k] * channels + c) * height + y) * width + x];
                            if (v > values[at])
                            {
                                (values[at], winners[at]) = (v, y * width + x);
                            }
                        }
                    }
                }
            }
        }

        return (values, winners);
    }

    /// <summary>Greedy suppression with the float32 IoU and the double threshold.</summary>
    public static long[] Nms(float[] boxes, float[] scores, double threshold, long[]? classes = null)
    {
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderByDescending(i => scores[i])];
        var keep = new List<long>();
        foreach (int i in order)
        {
            if (!keep.Exists(j => (classes is null || classes[j] == classes[i]) && SingleIou(boxes, (int)j, i) > threshold))
            {
                keep.Add(i);
            }
        }

        return [.. keep];
    }

    public static float SingleIou(float[] boxes, int i, int j)
    {
        ReadOnlySpan<float> a = boxes.AsSpan(4 * i, 4), b = boxes.AsSpan(4 * j, 4);
        float w = MathF.Max(0, MathF.Min(a[2], b[2]) - MathF.Max(a[0], b[0])), h = MathF.Max(0, MathF.Min(a[3], b[3]) - MathF.Max(a[1], b[1]));
        float intersection = w * h;
        return intersection / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - intersection);
    }

    /// <summary>Matching by the text of Ren et al., §3.1.2, on a quality [G,A].</summary>
    public static long[] Match(float[] quality, int truths, int anchors, float high, float low, bool rescue)
    {
        var matches = new long[anchors];
        for (int a = 0; a < anchors; a++)
        {
            int best = 0;
            for (int g = 1; g < truths; g++)
            {
                best = quality[g * anchors + a] > quality[best * anchors + a] ? g : best;
            }

            float value = quality[best * anchors + a];
            bool rescued = rescue && Enumerable.Range(0, truths).Any(g => quality[g * anchors + a] == quality.AsSpan(g * anchors, anchors).ToArray().Max());
            matches[a] = value >= high || rescued ? best : value < low ? -1 : -2;
        }

        return matches;
    }

    private static void ForEachSample(long[] shape, float[] rois, int ph, int pw, double scale, int sampling, bool aligned, Action<int, int, int, int, int, double> visit)
    {
        int channels = (int)shape[1], height = (int)shape[2], width = (int)shape[3];
        for (int k = 0; k < rois.Length / 5; k++)
        {
            double shift = aligned ? 0.5 : 0;
            double x0 = rois[5 * k + 1] * scale - shift, y0 = rois[5 * k + 2] * scale - shift;
            double w = rois[5 * k + 3] * scale - shift - x0, h = rois[5 * k + 4] * scale - shift - y0;
            (w, h) = aligned ? (w, h) : (Math.Max(w, 1), Math.Max(h, 1));
            int gridY = sampling > 0 ? sampling : (int)Math.Ceiling(h / ph), gridX = sampling > 0 ? sampling : (int)Math.Ceiling(w / pw);
            double share = 1.0 / Math.Max(gridY * gridX, 1);
            for (int bin = 0; bin < ph * pw; bin++)
            {
                for (int s = 0; s < Math.Max(gridY, 0) * Math.Max(gridX, 0); s++)
                {
                    double y = y0 + h / ph * (bin / pw + (s / gridX + 0.5) / gridY), x = x0 + w / pw * (bin % pw + (s % gridX + 0.5) / gridX);
                    if (!(y >= -1 && y <= height && x >= -1 && x <= width))
                    {
                        continue;
                    }

                    (y, x) = (Math.Clamp(y, 0, height - 1), Math.Clamp(x, 0, width - 1));
                    int top = Math.Min((int)y, height - 1), left = Math.Min((int)x, width - 1);
                    int bottom = Math.Min(top + 1, height - 1), right = Math.Min(left + 1, width - 1);
                    for (int c = 0; c < channels; c++)
                    {
                        int at = (k * channels + c) * ph * pw + bin, batch = (int)rois[5 * k];
                        visit(at, batch, c, top, left, share * (1 - (y - top)) * (1 - (x - left)));
                        visit(at, batch, c, top, right, share * (1 - (y - top)) * (x - left));
                        visit(at, batch, c, bottom, left, share * (y - top) * (1 - (x - left)));
                        visit(at, batch, c, bottom, right, share * (y - top) * (x - left));
                    }
                }
            }
        }
    }
}
