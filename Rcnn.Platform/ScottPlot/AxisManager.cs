namespace ScottPlot;

/// <summary>The two axes of a plot. Limits that are not set follow the data.</summary>
public class AxisManager
{
    internal AxisManager()
    {
    }

    public Axis Bottom { get; } = new();

    public Axis Left { get; } = new();

    public void SetLimits(double left, double right, double bottom, double top)
    {
        SetLimitsX(left, right);
        SetLimitsY(bottom, top);
    }

    public void SetLimitsX(double left, double right) => Bottom.Limit(left, right);

    public void SetLimitsY(double bottom, double top) => Left.Limit(bottom, top);
}

/// <summary>One axis: limits in data units and ticks.</summary>
public sealed class Axis
{
    internal Axis()
    {
    }

    public double Min { get; private set; } = double.NaN;

    public double Max { get; private set; } = double.NaN;

    internal string Text { get; set; } = "";

    internal (double[] Positions, string[] Labels)? Manual { get; private set; }

    /// <summary>Replaces the automatic ticks.</summary>
    public void SetTicks(double[] xs, string[] labels)
    {
        if (xs.Length != labels.Length)
        {
            throw new ArgumentException($"as many positions as labels expected, got {xs.Length} and {labels.Length}");
        }

        Manual = (xs, labels);
    }

    internal void Limit(double low, double high)
    {
        if (!double.IsFinite(low) || !double.IsFinite(high) || low == high)
        {
            throw new ArgumentException($"two different finite limits expected, got {low} and {high}");
        }

        (Min, Max) = (low, high);
    }
}
