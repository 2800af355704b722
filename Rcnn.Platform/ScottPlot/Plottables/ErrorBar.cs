namespace ScottPlot.Plottables;

/// <summary>Vertical error bars: y − error … y + error. A NaN draws nothing.</summary>
public class ErrorBar : IPlottable
{
    private readonly IReadOnlyList<double> _xs;
    private readonly IReadOnlyList<double> _ys;
    private readonly IReadOnlyList<double> _errors;

    internal ErrorBar(IReadOnlyList<double> xs, IReadOnlyList<double> ys, IReadOnlyList<double> yErrors, Color color)
    {
        if (xs.Count != ys.Count || xs.Count != yErrors.Count)
        {
            throw new ArgumentException($"as many x, y and errors expected, got {xs.Count}, {ys.Count} and {yErrors.Count}");
        }

        (_xs, _ys, _errors, Color) = (xs, ys, yErrors, color);
    }

    public bool IsVisible { get; set; } = true;

    public string LegendText { get; set; } = string.Empty;

    public Color Color { get; set; }

    public float LineWidth { get; set; } = 1.5f;

    /// <summary>Width of the caps, pixels.</summary>
    public float CapSize { get; set; } = 6;

    Color IPlottable.LegendColor => Color;

    (double Left, double Right, double Bottom, double Top) IPlottable.DataLimits()
    {
        int[] drawn = [.. Enumerable.Range(0, _xs.Count).Where(i => double.IsFinite(_xs[i] + _ys[i] + _errors[i]))];
        return drawn.Length == 0
            ? (double.NaN, double.NaN, double.NaN, double.NaN)
            : (drawn.Min(i => _xs[i]), drawn.Max(i => _xs[i]), drawn.Min(i => _ys[i] - _errors[i]), drawn.Max(i => _ys[i] + _errors[i]));
    }

    void IPlottable.Draw(SvgCanvas canvas)
    {
        for (int i = 0; i < _xs.Count; i++)
        {
            canvas.Error(_xs[i], _ys[i], _errors[i], LineWidth, CapSize, Color);
        }
    }
}
