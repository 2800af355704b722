namespace ScottPlot.Plottables;

/// <summary>Points joined by a line. A point with NaN interrupts the line.</summary>
public class Scatter : IPlottable
{
    private readonly double[] _xs;
    private readonly double[] _ys;

    internal Scatter(double[] xs, double[] ys, Color color)
    {
        if (xs.Length != ys.Length)
        {
            throw new ArgumentException($"as many x as y expected, got {xs.Length} and {ys.Length}");
        }

        (_xs, _ys, Color) = (xs, ys, color);
    }

    public bool IsVisible { get; set; } = true;

    public string LegendText { get; set; } = string.Empty;

    public Color Color { get; set; }

    public float LineWidth { get; set; } = 1;

    public LinePattern LinePattern { get; set; } = LinePattern.Solid;

    /// <summary>Diameter, pixels; 0 draws no markers.</summary>
    public float MarkerSize { get; set; } = 5;

    Color IPlottable.LegendColor => Color;

    (double Left, double Right, double Bottom, double Top) IPlottable.DataLimits()
    {
        var points = _xs.Zip(_ys).Where(p => double.IsFinite(p.First) && double.IsFinite(p.Second)).ToArray();
        return points.Length == 0
            ? (double.NaN, double.NaN, double.NaN, double.NaN)
            : (points.Min(p => p.First), points.Max(p => p.First), points.Min(p => p.Second), points.Max(p => p.Second));
    }

    void IPlottable.Draw(SvgCanvas canvas)
    {
        if (LineWidth > 0)
        {
            canvas.Polyline(_xs, _ys, Color, LineWidth, LinePattern);
        }

        for (int i = 0; MarkerSize > 0 && i < _xs.Length; i++)
        {
            canvas.Dot(_xs[i], _ys[i], MarkerSize / 2, Color);
        }
    }
}
