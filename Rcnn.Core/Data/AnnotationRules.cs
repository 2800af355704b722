using System.Globalization;

namespace Rcnn.Core.Data;

/// <summary>
/// What every reader does with a box that is not quite right, so that training and evaluation see the same objects:
/// non-finite or more than <see cref="Overhang"/> outside the image is an error; up to that it is clipped, as annotation tools round;
/// no area is a warning and the object is dropped.
/// </summary>
public static class AnnotationRules
{
    /// <summary>Pixels by which a box may leave the image and is clipped.</summary>
    public const double Overhang = 1;

    /// <summary>The box to use, or null when the object is dropped or wrong; <paramref name="issues"/> then says why.</summary>
    /// <param name="box">Half-open, absolute pixels.</param>
    /// <param name="hasArea">False when the file's own coordinates describe no area.</param>
    /// <param name="written">The box as the file has it, for messages.</param>
    /// <param name="size">Size of the image.</param>
    /// <param name="where">File and line or annotation id.</param>
    /// <param name="issues">Receives what was found.</param>
    public static Box? Check(Box box, bool hasArea, string written, (int Width, int Height) size, string where, ICollection<DataIssue> issues)
    {
        if (!(double.IsFinite(box.X1) && double.IsFinite(box.Y1) && double.IsFinite(box.X2) && double.IsFinite(box.Y2)))
        {
            issues.Add(DataIssue.Error(where, $"box {written} is not finite"));
            return null;
        }

        double outside = Math.Max(Math.Max(-box.X1, -box.Y1), Math.Max(box.X2 - size.Width, box.Y2 - size.Height));
        if (outside > Overhang)
        {
            issues.Add(DataIssue.Error(
                where, string.Create(CultureInfo.InvariantCulture, $"box {written} leaves the image of {size.Width}×{size.Height} by {outside:0.##} pixels")));
            return null;
        }

        if (!hasArea)
        {
            issues.Add(DataIssue.Warning(where, $"box {written} has no area; dropped"));
            return null;
        }

        if (outside <= 0)
        {
            return box;
        }

        var clipped = new Box(Math.Max(box.X1, 0), Math.Max(box.Y1, 0), Math.Min(box.X2, size.Width), Math.Min(box.Y2, size.Height));
        if (clipped.Width <= 0 || clipped.Height <= 0)
        {
            issues.Add(DataIssue.Warning(where, $"box {written} has no area inside the image; dropped"));
            return null;
        }

        issues.Add(DataIssue.Warning(
            where, string.Create(CultureInfo.InvariantCulture, $"box {written} leaves the image of {size.Width}×{size.Height} by {outside:0.##} pixels; clipped")));
        return clipped;
    }
}
