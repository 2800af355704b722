using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>
/// A crop whose IoU with some object is at least a drawn minimum; objects whose centre is inside stay, cut at its border. After fifty attempts without such a crop the image stays whole.
/// Liu et al. 2016, §2.2.
/// </summary>
public static class ConstrainedCrop
{
    private const int Attempts = 50;

    /// <param name="minimums">The minimum IoU is one of these, each as likely.</param>
    /// <param name="smallest">Smallest side as a fraction of the image's.</param>
    public static Sample Apply(Sample sample, IReadOnlyList<double> minimums, double smallest, RandomStream random)
    {
        (int height, int width) = (sample.Image.Height, sample.Image.Width);
        if (sample.Boxes.Count == 0)
        {
            return sample;
        }

        double minimum = minimums[random.NextInt(minimums.Count)];
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            int w = Math.Max(1, (int)(width * random.NextDouble(smallest, 1))), h = Math.Max(1, (int)(height * random.NextDouble(smallest, 1)));
            int left = random.NextInt(width - w + 1), top = random.NextInt(height - h + 1);
            var window = new Box(left, top, left + w, top + h);
            if ((double)w / h is < 0.5 or > 2 || !sample.Boxes.Any(b => CentreInside(b, window)) || sample.Boxes.Max(b => Iou(b, window)) < minimum)
            {
                continue;
            }

            Sample kept = SampleGeometry.Keep(sample, i => CentreInside(sample.Boxes[i], window));
            double[] any = new double[kept.Boxes.Count];
            return SampleGeometry.KeepVisible(SampleGeometry.Window(kept, left, top, h, w), any, 0);
        }

        return sample;
    }

    private static bool CentreInside(Box box, Box window)
    {
        double x = (box.X1 + box.X2) / 2, y = (box.Y1 + box.Y2) / 2;
        return x > window.X1 && x < window.X2 && y > window.Y1 && y < window.Y2;
    }

    private static double Iou(Box a, Box b)
    {
        double w = Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1), h = Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1);
        double inter = Math.Max(0, w) * Math.Max(0, h);
        return inter > 0 ? inter / (a.Area + b.Area - inter) : 0;
    }
}
