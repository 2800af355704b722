namespace Rcnn.Core.Data.Proposals;

/// <summary>Windows of three shapes and several sizes on a regular grid, whatever the image shows: what the others are to be better than.</summary>
public sealed class SlidingWindows : IProposalMethod
{
    private static readonly double[] Sizes = [0.15, 0.25, 0.4, 0.6, 0.9];
    private static readonly double[] Ratios = [0.5, 1, 2];

    public string Name => "sliding-windows";

    /// <summary>Window sides are fractions of the shorter side of the image, steps a quarter of the window; the largest windows come first.</summary>
    public Box[] Propose(RgbImage image)
    {
        var boxes = new List<Box>();
        double side = Math.Min(image.Width, image.Height);
        foreach (double size in Sizes.Reverse())
        {
            foreach (double ratio in Ratios)
            {
                double w = Math.Min(image.Width, side * size / Math.Sqrt(ratio)), h = Math.Min(image.Height, side * size * Math.Sqrt(ratio));
                for (double y = 0; y + h <= image.Height + 1e-9; y += Math.Max(1, h / 4))
                {
                    for (double x = 0; x + w <= image.Width + 1e-9; x += Math.Max(1, w / 4))
                    {
                        boxes.Add(new Box(x, y, Math.Min(image.Width, x + w), Math.Min(image.Height, y + h)));
                    }
                }
            }
        }

        return [.. boxes];
    }
}
