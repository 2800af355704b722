using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>
/// A rectangle of another image laid over the same place, its area uniform between a tenth and a half of the image. Objects of the other image come along as far as they are in the rectangle;
/// objects underneath lose what is covered. Yun et al. 2019, with boxes in place of the label weights.
/// </summary>
public static class CutMix
{
    public static Sample Apply(Sample sample, Sample other, double minVisible, RandomStream random)
    {
        (int height, int width) = (sample.Image.Height, sample.Image.Width);
        double side = Math.Sqrt(random.NextDouble(0.1, 0.5));
        int w = Math.Clamp((int)Math.Round(width * side), 1, width), h = Math.Clamp((int)Math.Round(height * side), 1, height);
        int left = random.NextInt(width - w + 1), top = random.NextInt(height - h + 1);
        Sample resized = SampleGeometry.Resize(other, height, width);
        double[] areas = [.. resized.Boxes.Select(b => b.Area)];
        Sample patch = SampleGeometry.KeepVisible(SampleGeometry.Window(resized, left, top, h, w), areas, minVisible);
        var image = new RgbImage(height, width, (byte[])sample.Image.Pixels.Clone());
        SampleGeometry.Copy(patch.Image, image, left, top);
        Sample placed = patch with
        {
            Boxes = [.. patch.Boxes.Select(b => new Box(b.X1 + left, b.Y1 + top, b.X2 + left, b.Y2 + top))],
            Proposals = patch.Proposals?.Select(b => new Box(b.X1 + left, b.Y1 + top, b.X2 + left, b.Y2 + top)).ToList(),
            Masks = patch.Masks is null ? null : [.. patch.Masks.Select(m => m.Crop(-left, -top, height, width))],
        };
        return SampleGeometry.Join(Occlusion.ByBox(sample, new Box(left, top, left + w, top + h), minVisible), placed, image);
    }
}
