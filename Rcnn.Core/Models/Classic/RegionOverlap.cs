using Rcnn.Core.Data;

namespace Rcnn.Core.Models.Classic;

/// <summary>IoU of plain boxes, half-open pixels; 0 for boxes without area.</summary>
internal static class RegionOverlap
{
    public static double Of(in Box a, in Box b)
    {
        double w = Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1), h = Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1);
        return w > 0 && h > 0 ? w * h / (a.Area + b.Area - (w * h)) : 0;
    }

    /// <summary>The object that overlaps most, the lowest index of equal ones; −1 where none does.</summary>
    public static (int Index, double Iou) Best(in Box box, IReadOnlyList<Box> objects)
    {
        (int index, double best) = (-1, 0);
        for (int i = 0; i < objects.Count; i++)
        {
            double iou = Of(box, objects[i]);
            (index, best) = iou > best ? (i, iou) : (index, best);
        }

        return (index, best);
    }
}
