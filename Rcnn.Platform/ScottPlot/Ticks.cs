using System.Globalization;

namespace ScottPlot;

/// <summary>Round numbers between two limits.</summary>
internal static class Ticks
{
    /// <summary>Multiples of 1, 2 or 5 times a power of ten inside [low, high], about <paramref name="wanted"/> of them, with labels of equal precision.</summary>
    public static (double[] Positions, string[] Labels) Between(double low, double high, int wanted)
    {
        double raw = (high - low) / Math.Max(1, wanted);
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        long first = (long)Math.Ceiling(low / step - 1e-9), last = (long)Math.Floor(high / step + 1e-9);
        int decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 12);
        double[] positions = [.. Enumerable.Range(0, (int)Math.Max(0, last - first + 1)).Select(i => (first + i) * step)];
        string format = step >= 1e6 || decimals > 6 ? "0.##e0" : "F" + decimals;
        return (positions, [.. positions.Select(p => p.ToString(format, CultureInfo.InvariantCulture))]);
    }
}
