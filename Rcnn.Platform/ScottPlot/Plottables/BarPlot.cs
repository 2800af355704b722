namespace ScottPlot.Plottables;

/// <summary>Upright bars with optional error bars and labels.</summary>
public class BarPlot : IPlottable
{
    internal BarPlot(IEnumerable<Bar> bars) => Bars = [.. bars];

    public List<Bar> Bars { get; set; }

    public bool IsVisible { get; set; } = true;

    public string LegendText { get; set; } = string.Empty;

    /// <summary>Sets the colour of all bars.</summary>
    public Color Color
    {
        set
        {
            foreach (Bar bar in Bars)
            {
                bar.FillColor = value;
            }
        }
    }

    Color IPlottable.LegendColor => Bars.Count > 0 ? Bars[0].FillColor : Colors.Gray;

    (double Left, double Right, double Bottom, double Top) IPlottable.DataLimits() => Bars.Count == 0
        ? (double.NaN, double.NaN, double.NaN, double.NaN)
        : (Bars.Min(b => b.Position - b.Size / 2), Bars.Max(b => b.Position + b.Size / 2),
            Bars.Min(b => Math.Min(b.ValueBase, Finite(b.Value) - Finite(b.Error))), Bars.Max(b => Math.Max(b.ValueBase, Finite(b.Value) + Finite(b.Error))));

    void IPlottable.Draw(SvgCanvas canvas)
    {
        foreach (Bar bar in Bars)
        {
            if (!double.IsFinite(bar.Value))
            {
                continue;
            }

            canvas.Box(bar.Position - bar.Size / 2, bar.Position + bar.Size / 2, bar.ValueBase, bar.Value, bar.FillColor);
            double error = Finite(bar.Error);
            if (error != 0)
            {
                canvas.Error(bar.Position, bar.Value, error, 1.5f, 10, null);
            }

            canvas.Label(bar.Position, bar.Value + Math.Abs(error), bar.Label);
        }
    }

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;
}
