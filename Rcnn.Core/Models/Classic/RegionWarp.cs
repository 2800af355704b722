using Rcnn.Core.Data;
using Rcnn.Core.Models.Input;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// Regions of any shape to squares (Girshick et al. 2014, appendix A, "warp"): the box grows so that the context is c pixels wide in the square of side S, that is by S/(S − 2c), and is resampled
/// bilinearly at pixel centres. What lies outside of the image is the mean colour, 0 after normalisation. Channels stand in the order of model.input.channels; mean and std are given as RGB.
/// </summary>
public sealed class RegionWarp(int size, int context, InputConfig input)
{
    private readonly int[] _order = ImageResizer.Order(input);
    private readonly float[] _scale = [.. ImageResizer.Order(input).Select(c => (float)(1 / (255 * input.Std[c])))];
    private readonly float[] _shift = [.. ImageResizer.Order(input).Select(c => (float)(-input.Mean[c] / input.Std[c]))];

    /// <param name="image">The image.</param>
    /// <param name="boxes">Half-open pixels of the image; a side below one pixel counts as one.</param>
    /// <returns>[N,3,S,S] float32, normalised, channels-last in memory; N = 0 gives an empty tensor</returns>
    public Tensor Apply(RgbImage image, IReadOnlyList<Box> boxes)
    {
        int length = size * size * 3;
        var values = new float[boxes.Count * length];
        Parallel.For(0, boxes.Count, new ParallelOptions { MaxDegreeOfParallelism = Engine.Threads }, i => Draw(image, boxes[i], values.AsSpan(i * length, length)));
        using Tensor rows = tensor(values, [boxes.Count, size, size, 3]);
        return rows.permute(0, 3, 1, 2);
    }

    private void Draw(RgbImage image, Box box, Span<float> target)
    {
        Tap[] columns = Taps((box.X1 + box.X2) / 2, Math.Max(1, box.Width), image.Width), rows = Taps((box.Y1 + box.Y2) / 2, Math.Max(1, box.Height), image.Height);
        byte[] pixels = image.Pixels;
        int stride = 3 * image.Width, at = 0;
        foreach (Tap row in rows)
        {
            foreach (Tap column in columns)
            {
                if (row.Outside || column.Outside)
                {
                    at += 3;                               // already 0
                    continue;
                }

                int a = (row.Low * stride) + (3 * column.Low), b = (row.Low * stride) + (3 * column.High);
                int c = (row.High * stride) + (3 * column.Low), d = (row.High * stride) + (3 * column.High);
                for (int channel = 0; channel < 3; channel++)
                {
                    int from = _order[channel];
                    float above = pixels[a + from] + (column.Fraction * (pixels[b + from] - pixels[a + from]));
                    float below = pixels[c + from] + (column.Fraction * (pixels[d + from] - pixels[c + from]));
                    target[at++] = ((above + (row.Fraction * (below - above))) * _scale[channel]) + _shift[channel];
                }
            }
        }
    }

    private Tap[] Taps(double centre, double side, int pixels)
    {
        double step = side * size / (size - (2.0 * context)) / size;
        var taps = new Tap[size];
        for (int i = 0; i < size; i++)
        {
            double position = centre + ((i + 0.5 - (size / 2.0)) * step);
            double between = Math.Clamp(position - 0.5, 0, pixels - 1);
            int low = (int)between;
            taps[i] = new Tap(position < 0 || position >= pixels, low, Math.Min(low + 1, pixels - 1), (float)(between - low));
        }

        return taps;
    }

    private readonly record struct Tap(bool Outside, int Low, int High, float Fraction);
}
