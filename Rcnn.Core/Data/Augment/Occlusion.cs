using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>Takes from objects what something new on top of them hides.</summary>
internal static class Occlusion
{
    /// <summary>Objects under an opaque rectangle. With masks, what stays visible is counted by pixels and the box is drawn around it; without, by area.</summary>
    public static Sample ByBox(Sample sample, Box cover, double minVisible)
    {
        if (sample.Masks is not null)
        {
            return ByMask(sample, Rectangle(sample.Image.Height, sample.Image.Width, cover), minVisible);
        }

        (Box Box, double Area)[] left = [.. sample.Boxes.Select(b => Visibility.Under(b, cover))];
        double[] before = [.. sample.Boxes.Select(b => b.Area)];
        Sample cut = sample with { Boxes = [.. left.Select(l => l.Box)] };
        return SampleGeometry.Keep(cut, i => left[i].Area >= minVisible * before[i] && cut.Boxes[i].Width >= 1 && cut.Boxes[i].Height >= 1);
    }

    /// <summary>Objects under an opaque shape; the sample must have masks.</summary>
    public static Sample ByMask(Sample sample, BitmapMask cover, double minVisible)
    {
        int[] before = [.. sample.Masks!.Select(m => m.Area)];
        BitmapMask[] visible = [.. sample.Masks!.Select(m => m.Without(cover))];
        var boxes = new Box[visible.Length];
        for (int i = 0; i < visible.Length; i++)
        {
            // An object that nothing hides keeps the annotator's box.
            boxes[i] = visible[i].Area == before[i] ? sample.Boxes[i]
                : visible[i].Box() is { } b ? new Box(b.X1, b.Y1, b.X2, b.Y2) : default;
        }

        Sample cut = sample with { Boxes = boxes, Masks = visible };
        return SampleGeometry.Keep(cut, i => visible[i].Area > 0 && visible[i].Area >= minVisible * before[i]);
    }

    private static BitmapMask Rectangle(int height, int width, Box box)
    {
        var pixels = new byte[height * width];
        int x1 = Math.Max(0, (int)box.X1), x2 = Math.Min(width, (int)box.X2);
        for (int y = Math.Max(0, (int)box.Y1); x2 > x1 && y < Math.Min(height, (int)box.Y2); y++)
        {
            pixels.AsSpan((y * width) + x1, x2 - x1).Fill(1);
        }

        return new BitmapMask(height, width, pixels);
    }
}
