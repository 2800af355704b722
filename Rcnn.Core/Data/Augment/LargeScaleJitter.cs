using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>
/// The image scaled to fit <c>factor</c> times a square canvas, then a random window of the canvas' size where it is larger, grey at the right and below where it is smaller.
/// Ghiasi et al. 2021, §3; Du et al. 2021.
/// </summary>
public static class LargeScaleJitter
{
    /// <param name="size">Side of the canvas, pixels.</param>
    public static Sample Apply(Sample sample, int size, double factor, double minVisible, RandomStream random)
    {
        double scale = factor * size / Math.Max(sample.Image.Height, sample.Image.Width);
        Sample scaled = SampleGeometry.Resize(
            sample, Math.Max(1, (int)Math.Round(sample.Image.Height * scale)), Math.Max(1, (int)Math.Round(sample.Image.Width * scale)));
        int left = random.NextInt(Math.Max(0, scaled.Image.Width - size) + 1), top = random.NextInt(Math.Max(0, scaled.Image.Height - size) + 1);
        double[] areas = [.. scaled.Boxes.Select(b => b.Area)];
        return SampleGeometry.KeepVisible(SampleGeometry.Window(scaled, left, top, size, size), areas, minVisible);
    }
}
