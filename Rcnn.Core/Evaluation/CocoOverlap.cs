namespace Rcnn.Core.Evaluation;

/// <summary>Intersection over union as COCO measures it: float64, half-open, no +1; against a crowd, the part of the detection that it covers.</summary>
public static class CocoOverlap
{
    /// <param name="detection">x, y, width, height.</param>
    /// <param name="truth">x, y, width, height.</param>
    /// <param name="crowd">Whether <paramref name="truth"/> is a region of many objects.</param>
    public static double OfBoxes(ReadOnlySpan<double> detection, ReadOnlySpan<double> truth, bool crowd)
    {
        double w = Math.Min(detection[2] + detection[0], truth[2] + truth[0]) - Math.Max(detection[0], truth[0]);
        double h = Math.Min(detection[3] + detection[1], truth[3] + truth[1]) - Math.Max(detection[1], truth[1]);
        if (!(w > 0 && h > 0))
        {
            return 0;
        }

        double intersection = w * h, area = detection[2] * detection[3];
        return intersection / (crowd ? area : area + (truth[2] * truth[3]) - intersection);
    }
}
