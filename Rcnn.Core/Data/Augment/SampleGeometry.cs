using OpenCvSharp;
using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>Moves an image with its boxes and masks. The samples given are never changed.</summary>
public static class SampleGeometry
{
    /// <summary>Grey, about the mean of photos, where there is no image.</summary>
    public const byte Fill = 114;

    /// <summary>Another size: area averaging to shrink, bilinear to enlarge; boxes scale, masks take the nearest pixel.</summary>
    public static Sample Resize(Sample sample, int height, int width)
    {
        if (height == sample.Image.Height && width == sample.Image.Width)
        {
            return sample;
        }

        double sx = (double)width / sample.Image.Width, sy = (double)height / sample.Image.Height;
        bool smaller = height <= sample.Image.Height && width <= sample.Image.Width;
        return sample with
        {
            Image = ImageFile.Resize(sample.Image, height, width, smaller ? InterpolationFlags.Area : InterpolationFlags.Linear),
            Boxes = [.. sample.Boxes.Select(b => new Box(b.X1 * sx, b.Y1 * sy, b.X2 * sx, b.Y2 * sy))],
            Masks = sample.Masks is null ? null : [.. sample.Masks.Select(m => m.Resize(height, width))],
            Proposals = sample.Proposals is null ? null : [.. sample.Proposals.Select(b => new Box(b.X1 * sx, b.Y1 * sy, b.X2 * sx, b.Y2 * sy))],
        };
    }

    /// <summary>The window of <paramref name="height"/>×<paramref name="width"/> pixels whose first pixel is (<paramref name="left"/>, <paramref name="top"/>); outside of the image it is
    /// grey. Boxes are cut at the window; all are kept, also empty ones (<see cref="Keep"/> chooses).</summary>
    public static Sample Window(Sample sample, int left, int top, int height, int width)
    {
        var pixels = new byte[checked(height * width * 3)];
        if (left < 0 || top < 0 || left + width > sample.Image.Width || top + height > sample.Image.Height)
        {
            Array.Fill(pixels, Fill);
        }

        var image = new RgbImage(height, width, pixels);
        Copy(sample.Image, image, -left, -top);
        return sample with
        {
            Image = image,
            Boxes = [.. sample.Boxes.Select(Cut)],
            Proposals = sample.Proposals is null ? null : [.. sample.Proposals.Select(Cut).Where(b => b.Width >= 1 && b.Height >= 1)],
            Masks = sample.Masks is null ? null : [.. sample.Masks.Select(m => m.Crop(left, top, height, width))],
        };

        Box Cut(Box b) => new(
            Math.Clamp(b.X1 - left, 0, width), Math.Clamp(b.Y1 - top, 0, height), Math.Clamp(b.X2 - left, 0, width), Math.Clamp(b.Y2 - top, 0, height));
    }

    /// <summary>The objects for which <paramref name="rule"/> holds.</summary>
    public static Sample Keep(Sample sample, Func<int, bool> rule)
    {
        int[] kept = [.. Enumerable.Range(0, sample.Boxes.Count).Where(rule)];
        return kept.Length == sample.Boxes.Count
            ? sample
            : sample with
            {
                Boxes = [.. kept.Select(i => sample.Boxes[i])],
                Labels = [.. kept.Select(i => sample.Labels[i])],
                Masks = sample.Masks is null ? null : [.. kept.Select(i => sample.Masks[i])],
            };
    }

    /// <summary>Drops the objects of <paramref name="after"/> of which less than <paramref name="minimum"/> of the area before is left, or less than a pixel in a side.</summary>
    /// <param name="after">The objects as they are now, in the order of <paramref name="areas"/>.</param>
    /// <param name="areas">Area of each object's box before, in pixels² of the sample as it is now.</param>
    public static Sample KeepVisible(Sample after, IReadOnlyList<double> areas, double minimum) => Keep(after, i =>
    {
        Box box = after.Boxes[i];
        return box.Width >= 1 && box.Height >= 1 && box.Area >= minimum * areas[i] && (after.Masks is null || after.Masks[i].Area > 0);
    });

    /// <summary>Upside down.</summary>
    public static Sample FlipVertically(Sample sample)
    {
        (int height, int row) = (sample.Image.Height, sample.Image.Width * 3);
        var pixels = new byte[sample.Image.Pixels.Length];
        for (int y = 0; y < height; y++)
        {
            sample.Image.Pixels.AsSpan(y * row, row).CopyTo(pixels.AsSpan((height - 1 - y) * row));
        }

        return sample with
        {
            Image = new RgbImage(height, sample.Image.Width, pixels),
            Boxes = [.. sample.Boxes.Select(b => new Box(b.X1, height - b.Y2, b.X2, height - b.Y1))],
            Masks = sample.Masks is null ? null : [.. sample.Masks.Select(m => m.FlipVertically())],
            Proposals = sample.Proposals is null ? null : [.. sample.Proposals.Select(b => new Box(b.X1, height - b.Y2, b.X2, height - b.Y1))],
        };
    }

    /// <summary>All objects of two samples on one image. Masks stay only where both have them.</summary>
    public static Sample Join(Sample first, Sample second, RgbImage image) => first with
    {
        Image = image,
        Boxes = [.. first.Boxes, .. second.Boxes],
        Labels = [.. first.Labels, .. second.Labels],
        Masks = first.Masks is null || second.Masks is null ? null : [.. first.Masks, .. second.Masks],
        Proposals = first.Proposals is null || second.Proposals is null ? null : [.. first.Proposals, .. second.Proposals],
    };

    /// <summary>Copies what fits of <paramref name="from"/> into <paramref name="to"/>, its first pixel at (<paramref name="x"/>, <paramref name="y"/>).</summary>
    internal static void Copy(RgbImage from, RgbImage to, int x, int y)
    {
        int x1 = Math.Max(x, 0), x2 = Math.Min(x + from.Width, to.Width);
        for (int row = Math.Max(y, 0); x2 > x1 && row < Math.Min(y + from.Height, to.Height); row++)
        {
            from.Pixels.AsSpan((((row - y) * from.Width) + x1 - x) * 3, (x2 - x1) * 3).CopyTo(to.Pixels.AsSpan(((row * to.Width) + x1) * 3));
        }
    }
}
