namespace ScottPlot.Plottables;

/// <summary>A line across the data area.</summary>
public class HorizontalLine : IPlottable
{
    public double Y { get; set; }

    public bool IsVisible { get; set; } = true;

    public string LegendText { get; set; } = string.Empty;

    public Color LineColor { get; set; }

    public float LineWidth { get; set; } = 2;

    public LinePattern LinePattern { get; set; } = LinePattern.Solid;

    Color IPlottable.LegendColor => LineColor;

    (double Left, double Right, double Bottom, double Top) IPlottable.DataLimits() => (double.NaN, double.NaN, Y, Y);

    void IPlottable.Draw(SvgCanvas canvas) => canvas.Across(Y, LineColor, LineWidth, LinePattern);
}
