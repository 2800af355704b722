namespace ScottPlot;

/// <summary>Something drawn in the data area.</summary>
public interface IPlottable
{
    bool IsVisible { get; set; }

    /// <summary>Name in the legend; empty keeps it out of the legend.</summary>
    string LegendText { get; set; }

    internal Color LegendColor { get; }

    /// <summary>Everything that is drawn lies inside these; NaN where it sets no limit.</summary>
    internal (double Left, double Right, double Bottom, double Top) DataLimits();

    internal void Draw(SvgCanvas canvas);
}
