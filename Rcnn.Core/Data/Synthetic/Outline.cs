namespace Rcnn.Core.Data.Synthetic;

/// <summary>
/// Closed polygons filled even-odd. Only additions, multiplications, divisions and square roots are used, which IEEE 754 fixes to the bit:
/// the same numbers come out on every machine, unlike with sines of a C library.
/// </summary>
internal sealed class Outline
{
    private static readonly (double X, double Y)[] Circle = UnitCircle();

    private readonly (double X, double Y)[][] _contours;

    private Outline(params (double X, double Y)[][] contours) => _contours = contours;

    public IReadOnlyList<IReadOnlyList<(double X, double Y)>> Contours => _contours;

    public static Outline Disc() => new(Circle);

    /// <summary>Two concentric circles; <paramref name="inner"/>: radius of the hole, the outer one is 1.</summary>
    public static Outline Ring(double inner) => new(Circle, [.. Circle.Select(p => (p.X * inner, p.Y * inner))]);

    public static Outline Bar(double halfWidth, double halfHeight) =>
        new([(-halfWidth, -halfHeight), (halfWidth, -halfHeight), (halfWidth, halfHeight), (-halfWidth, halfHeight)]);

    /// <summary>Equilateral, in the unit circle.</summary>
    public static Outline Triangle() => new([(0, -1), (0.8660254037844386, 0.5), (-0.8660254037844386, 0.5)]);

    /// <summary>Five points on the unit circle, notches at <paramref name="inner"/>.</summary>
    public static Outline Star(double inner)
    {
        (double X, double Y)[] directions =
        [
            (0, -1), (0.5877852522924731, -0.8090169943749475), (0.9510565162951535, -0.3090169943749474),
            (0.9510565162951535, 0.3090169943749474), (0.5877852522924731, 0.8090169943749475), (0, 1),
            (-0.5877852522924731, 0.8090169943749475), (-0.9510565162951535, 0.3090169943749474),
            (-0.9510565162951535, -0.3090169943749474), (-0.5877852522924731, -0.8090169943749475),
        ];
        return new([.. directions.Select((d, i) => i % 2 == 0 ? d : (d.X * inner, d.Y * inner))]);
    }

    /// <summary>Plus sign of arm length 1; <paramref name="half"/>: half the width of an arm.</summary>
    public static Outline Cross(double half) => new(
        [(-half, -1), (half, -1), (half, -half), (1, -half), (1, half), (half, half), (half, 1), (-half, 1), (-half, half), (-1, half), (-1, -half), (-half, -half)]);

    /// <summary>The lower half of the unit disc.</summary>
    public static Outline HalfDisc() => new([.. Circle.Where(p => p.Y >= 0)]);

    /// <summary>A quarter of a ring.</summary>
    public static Outline Arc(double inner)
    {
        (double X, double Y)[] quarter = [.. Circle.Where(p => p is { X: >= 0, Y: >= 0 })];
        return new([.. quarter, .. quarter.Reverse().Select(p => (p.X * inner, p.Y * inner))]);
    }

    /// <summary>Two bars that meet in a corner.</summary>
    public static Outline Angle(double width) => new([(-1, -1), (-1 + width, -1), (-1 + width, 1 - width), (1, 1 - width), (1, 1), (-1, 1)]);

    /// <summary>Scales by (<paramref name="sx"/>, <paramref name="sy"/>), rotates by the unit vector, moves.</summary>
    public Outline Place(double sx, double sy, (double Cos, double Sin) turn, double x, double y) => new(
        [.. _contours.Select(c => c.Select(p => (
            X: x + p.X * sx * turn.Cos - p.Y * sy * turn.Sin,
            Y: y + p.X * sx * turn.Sin + p.Y * sy * turn.Cos)).ToArray())]);

    /// <summary>64 directions from (1, 0) on, by halving angles.</summary>
    private static (double X, double Y)[] UnitCircle()
    {
        (double X, double Y)[] points = [(1, 0), (0, 1), (-1, 0), (0, -1)];
        while (points.Length < 64)
        {
            var finer = new (double X, double Y)[2 * points.Length];
            for (int i = 0; i < points.Length; i++)
            {
                (double X, double Y) a = points[i], b = points[(i + 1) % points.Length];
                double x = a.X + b.X, y = a.Y + b.Y, length = Math.Sqrt(x * x + y * y);
                (finer[2 * i], finer[2 * i + 1]) = (a, (x / length, y / length));
            }

            points = finer;
        }

        return points;
    }
}
