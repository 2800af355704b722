using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>
/// Four images around a point, on a canvas of the first one's size. Each is scaled to cover its quarter and cut to it at a random place. The point lies in the middle half
/// of the canvas. Bochkovskiy et al. 2020, §3.4.
/// </summary>
public static class Mosaic
{
    /// <param name="sample">Upper left; gives the size, the index and the id.</param>
    /// <param name="others">Upper right, lower left, lower right.</param>
    public static Sample Apply(Sample sample, IReadOnlyList<Sample> others, double minVisible, RandomStream random)
    {
        if (others.Count != 3)
        {
            throw new ArgumentException($"three other samples expected, got {others.Count}", nameof(others));
        }

        (int height, int width) = (sample.Image.Height, sample.Image.Width);
        int x = (int)random.NextDouble(0.25 * width, 0.75 * width), y = (int)random.NextDouble(0.25 * height, 0.75 * height);
        (x, y) = (Math.Clamp(x, 1, Math.Max(1, width - 1)), Math.Clamp(y, 1, Math.Max(1, height - 1)));
        var canvas = new RgbImage(height, width, new byte[height * width * 3]);
        Sample[] tiles = [sample, .. others];
        Sample result = sample with { Boxes = [], Labels = [], Masks = tiles.All(t => t.Masks is not null) ? [] : null, Proposals = tiles.All(t => t.Proposals is not null) ? [] : null };
        for (int i = 0; i < tiles.Length; i++)
        {
            (bool right, bool low) = (i % 2 == 1, i >= 2);
            (int left, int top) = (right ? x : 0, low ? y : 0);
            (int w, int h) = (right ? width - x : x, low ? height - y : y);
            if (w <= 0 || h <= 0)
            {
                continue;
            }

            Sample fitted = Cover(tiles[i], w, h);
            int fromX = random.NextInt(fitted.Image.Width - w + 1), fromY = random.NextInt(fitted.Image.Height - h + 1);
            double[] areas = [.. fitted.Boxes.Select(b => b.Area)];
            Sample part = SampleGeometry.KeepVisible(SampleGeometry.Window(fitted, fromX, fromY, h, w), areas, minVisible);
            SampleGeometry.Copy(part.Image, canvas, left, top);
            Sample placed = part with
            {
                Boxes = [.. part.Boxes.Select(b => new Box(b.X1 + left, b.Y1 + top, b.X2 + left, b.Y2 + top))],
                Proposals = part.Proposals?.Select(b => new Box(b.X1 + left, b.Y1 + top, b.X2 + left, b.Y2 + top)).ToList(),
                Masks = result.Masks is null ? null : [.. part.Masks!.Select(m => m.Crop(-left, -top, height, width))],
            };
            result = SampleGeometry.Join(result, placed, canvas);
        }

        return result with { Image = canvas };
    }

    /// <summary>Scaled so that it just covers width × height.</summary>
    private static Sample Cover(Sample sample, int width, int height)
    {
        double scale = Math.Max((double)width / sample.Image.Width, (double)height / sample.Image.Height);
        return SampleGeometry.Resize(
            sample, Math.Max(height, (int)Math.Round(sample.Image.Height * scale)), Math.Max(width, (int)Math.Round(sample.Image.Width * scale)));
    }
}
