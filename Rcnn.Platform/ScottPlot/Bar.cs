namespace ScottPlot;

/// <summary>One upright bar, in data units.</summary>
public class Bar
{
    public double Position { get; set; }

    public double Value { get; set; }

    public double ValueBase { get; set; }

    /// <summary>Half the length of the error bar around Value; 0 draws none.</summary>
    public double Error { get; set; }

    public double Size { get; set; } = 0.8;

    public Color FillColor { get; set; } = Colors.Gray;

    /// <summary>Text above the bar.</summary>
    public string Label { get; set; } = string.Empty;
}
