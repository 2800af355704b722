using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>
/// Objects of another image pasted on top, each with probability one half and at least one, where they stand in their own image scaled to this one. With masks exactly the object is
/// pasted and what it hides is taken from the masks and boxes below; without, the whole box is. Ghiasi et al. 2021, §3.
/// </summary>
public static class CopyPaste
{
    public static Sample Apply(Sample sample, Sample other, double minVisible, RandomStream random)
    {
        if (other.Boxes.Count == 0)
        {
            return sample;
        }

        (int height, int width) = (sample.Image.Height, sample.Image.Width);
        Sample source = SampleGeometry.Resize(other, height, width);
        int certain = random.NextInt(source.Boxes.Count);
        bool[] chosen = [.. Enumerable.Range(0, source.Boxes.Count).Select(i => random.NextDouble() < 0.5 || i == certain)];
        source = SampleGeometry.Keep(source, i => chosen[i] && source.Boxes[i].Width >= 1 && source.Boxes[i].Height >= 1);
        bool byMask = sample.Masks is not null && source.Masks is not null;
        var image = new RgbImage(height, width, (byte[])sample.Image.Pixels.Clone());
        Sample result = byMask ? sample : sample with { Masks = null };
        for (int i = 0; i < source.Boxes.Count; i++)
        {
            Box box = source.Boxes[i];
            if (byMask)
            {
                Paint(source.Image, image, source.Masks![i]);
                result = Occlusion.ByMask(result, source.Masks[i], minVisible);
            }
            else
            {
                box = new Box(Math.Floor(Math.Max(0, box.X1)), Math.Floor(Math.Max(0, box.Y1)), Math.Ceiling(Math.Min(width, box.X2)), Math.Ceiling(Math.Min(height, box.Y2)));
                Sample piece = SampleGeometry.Window(source, (int)box.X1, (int)box.Y1, (int)box.Height, (int)box.Width);
                SampleGeometry.Copy(piece.Image, image, (int)box.X1, (int)box.Y1);
                result = Occlusion.ByBox(result, box, minVisible);
            }

            result = SampleGeometry.Join(
                result, SampleGeometry.Keep(source with { Masks = byMask ? source.Masks : null, Proposals = source.Proposals is null ? null : i == 0 ? source.Proposals : [] }, j => j == i), result.Image);
        }

        return result with { Image = image };
    }

    private static void Paint(RgbImage from, RgbImage to, BitmapMask mask)
    {
        ReadOnlySpan<byte> inside = mask.Pixels;
        for (int i = 0; i < inside.Length; i++)
        {
            if (inside[i] != 0)
            {
                from.Pixels.AsSpan(3 * i, 3).CopyTo(to.Pixels.AsSpan(3 * i));
            }
        }
    }
}
