namespace Rcnn.Core.Data.Augment;

/// <summary>What is left to see of a box when a rectangle comes on top of it.</summary>
public static class Visibility
{
    /// <summary>The smallest box around the part of <paramref name="box"/> outside of <paramref name="cover"/>, and that part's area: the cover takes a strip off one side when it spans
    /// the box from edge to edge there, otherwise only area.</summary>
    public static (Box Box, double Area) Under(Box box, Box cover)
    {
        double x1 = Math.Max(box.X1, cover.X1), y1 = Math.Max(box.Y1, cover.Y1), x2 = Math.Min(box.X2, cover.X2), y2 = Math.Min(box.Y2, cover.Y2);
        if (x2 <= x1 || y2 <= y1)
        {
            return (box, box.Area);
        }

        double area = box.Area - ((x2 - x1) * (y2 - y1));
        Box rest = box;
        if (y1 <= box.Y1 && y2 >= box.Y2)
        {
            rest = rest with { X1 = x1 <= box.X1 ? x2 : rest.X1, X2 = x2 >= box.X2 ? x1 : rest.X2 };
        }
        else if (x1 <= box.X1 && x2 >= box.X2)
        {
            rest = rest with { Y1 = y1 <= box.Y1 ? y2 : rest.Y1, Y2 = y2 >= box.Y2 ? y1 : rest.Y2 };
        }

        return (rest.X2 > rest.X1 && rest.Y2 > rest.Y1 ? rest : new Box(box.X1, box.Y1, box.X1, box.Y1), area);
    }
}
