namespace Rcnn.Tests.Ops;

/// <summary>
/// Boxes of py-faster-rcnn in double, from its formulas: a side is x2 − x1 + 1, the centre x1 + w/2; a decoded box reaches from centre − w'/2 to centre + w'/2; clipping leaves the last pixel,
/// W − 1; the IoU counts +1. One box after the other, every box against every kept one.
/// </summary>
internal static class InclusiveOracle
{
    /// <summary>A box with its score and group; boxes of other groups do not suppress it.</summary>
    public sealed record Scored(double[] Box, double Score, long Group);

    public static double[] Decode(ReadOnlySpan<float> code, ReadOnlySpan<float> box, double[] weights)
    {
        double width = (double)box[2] - box[0] + 1, height = (double)box[3] - box[1] + 1;
        double x = code[0] / weights[0] * width + box[0] + width / 2, y = code[1] / weights[1] * height + box[1] + height / 2;
        double newWidth = Math.Exp(code[2] / weights[2]) * width, newHeight = Math.Exp(code[3] / weights[3]) * height;
        return [x - newWidth / 2, y - newHeight / 2, x + newWidth / 2, y + newHeight / 2];
    }

    public static double[] Clip(double[] box, (int Height, int Width) image) =>
        [.. box.Select((v, i) => Math.Max(Math.Min(v, (i % 2 == 0 ? image.Width : image.Height) - 1), 0))];

    public static bool IsLarge(double[] box, double least) => box[2] - box[0] + 1 >= least && box[3] - box[1] + 1 >= least;

    public static double Iou(double[] a, double[] b)
    {
        double w = Math.Max(0, Math.Min(a[2], b[2]) - Math.Max(a[0], b[0]) + 1), h = Math.Max(0, Math.Min(a[3], b[3]) - Math.Max(a[1], b[1]) + 1);
        return w * h / (Area(a) + Area(b) - w * h);
    }

    /// <summary>The kept boxes by falling score, at most <paramref name="limit"/>.</summary>
    public static List<Scored> Nms(IEnumerable<Scored> boxes, double threshold, int limit)
    {
        var kept = new List<Scored>();
        foreach (Scored b in boxes.OrderByDescending(b => b.Score))
        {
            if (kept.Count < limit && kept.All(k => k.Group != b.Group || Iou(k.Box, b.Box) <= threshold))
            {
                kept.Add(b);
            }
        }

        return kept;
    }

    private static double Area(double[] b) => (b[2] - b[0] + 1) * (b[3] - b[1] + 1);
}
