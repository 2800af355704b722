using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>The image at a random place of a grey canvas whose sides are larger by a random factor: smaller objects, none lost. Liu et al. 2016, §3.6.</summary>
public static class Expand
{
    /// <param name="ratio">Largest factor, 1 or more.</param>
    public static Sample Apply(Sample sample, double ratio, RandomStream random)
    {
        double factor = random.NextDouble(1, ratio);
        int height = (int)(sample.Image.Height * factor), width = (int)(sample.Image.Width * factor);
        return SampleGeometry.Window(
            sample, -random.NextInt(width - sample.Image.Width + 1), -random.NextInt(height - sample.Image.Height + 1), height, width);
    }
}
