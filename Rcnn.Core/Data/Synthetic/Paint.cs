using Rcnn.Ops;

namespace Rcnn.Core.Data.Synthetic;

/// <summary>A colour for each pixel: one of six patterns of two colours, so that neither colour nor texture tells the class.</summary>
internal sealed class Paint
{
    private readonly Rgb _a, _b;
    private readonly int _pattern;
    private readonly double _x, _y, _cos, _sin, _period;

    private Paint(Rgb a, Rgb b, int pattern, double x, double y, (double Cos, double Sin) turn, double period) =>
        (_a, _b, _pattern, _x, _y, _cos, _sin, _period) = (a, b, pattern, x, y, turn.Cos, turn.Sin, period);

    /// <summary>A pattern around (<paramref name="x"/>, <paramref name="y"/>) for something of side <paramref name="side"/>.</summary>
    public static Paint Random(RandomStream random, Rgb a, Rgb b, double x, double y, double side) =>
        new(a, b, random.NextInt(6), x, y, Scene.Direction(random), Math.Max(5, side * random.NextDouble(0.16, 0.4)));

    public Rgb At(int px, int py)
    {
        double dx = px + 0.5 - _x, dy = py + 0.5 - _y;
        double u = (dx * _cos + dy * _sin) / _period, v = (dy * _cos - dx * _sin) / _period;
        return _pattern switch
        {
            0 => _a,
            1 => Rgb.Mix(_a, _b, Math.Clamp(0.5 + u * 0.15, 0, 1)),
            2 => Rgb.Mix(_a, _b, Step(Triangle(u))),
            3 => Rgb.Mix(_a, _b, Step(Triangle(u) * Triangle(v))),
            4 => Rgb.Mix(_a, _b, Step(0.45 - Math.Sqrt(Square(u - Math.Floor(u + 0.5)) + Square(v - Math.Floor(v + 0.5))) * 1.5)),
            _ => Rgb.Mix(_a, _b, Math.Clamp(0.5 + 0.5 * Triangle(u * 0.5), 0, 1)),
        };
    }

    /// <summary>A wave of period 2 between −1 and 1.</summary>
    private static double Triangle(double t) => 2 * Math.Abs(t - 2 * Math.Floor(t / 2) - 1) - 1;

    /// <summary>A soft edge at 0, about a pixel wide for usual periods.</summary>
    private static double Step(double t) => Math.Clamp(0.5 + 4 * t, 0, 1);

    private static double Square(double t) => t * t;
}

/// <summary>A colour, 0–255 in each channel.</summary>
internal readonly record struct Rgb(double R, double G, double B)
{
    public static Rgb Random(RandomStream random, double low, double high) =>
        new(random.NextDouble(low, high), random.NextDouble(low, high), random.NextDouble(low, high));

    public static Rgb Mix(Rgb a, Rgb b, double t) => new(a.R + (b.R - a.R) * t, a.G + (b.G - a.G) * t, a.B + (b.B - a.B) * t);

    /// <summary>Mean absolute difference of the channels.</summary>
    public double Distance(Rgb other) => (Math.Abs(R - other.R) + Math.Abs(G - other.G) + Math.Abs(B - other.B)) / 3;
}
