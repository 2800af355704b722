using Rcnn.Core.Evaluation;
using ScottPlot;

namespace Rcnn.Core.Analysis;

/// <summary>The charts of a report, as SVG that follows the page's colours.</summary>
public static class RunCharts
{
    /// <summary>One line per series over training steps, smoothed by a running mean; the raw values stay visible behind it.</summary>
    /// <param name="steps">[N] steps.</param>
    /// <param name="series">Name and [N] values; NaN where there is none.</param>
    /// <param name="title">Above the chart.</param>
    /// <param name="quantity">Beside the vertical axis.</param>
    public static string OverSteps(double[] steps, IEnumerable<(string Name, double[] Values)> series, string title, string quantity)
    {
        using Plot plot = Create(title, "step", quantity);
        int window = Math.Max(1, steps.Length / 30);
        foreach ((string name, double[] values) in series)
        {
            Color colour = plot.Add.GetNextColor();
            var line = plot.Add.ScatterLine(steps, RunningMean(values, window), colour);
            line.LineWidth = 2;
            line.LegendText = name;
            if (window > 1)
            {
                plot.Add.ScatterLine(steps, values, colour.WithAlpha(0.22)).LineWidth = 1;
            }
        }

        plot.ShowLegend(Alignment.UpperRight);
        return plot.GetSvgXml(620, 360);
    }

    /// <summary>Points over training steps, for metrics that are measured now and then.</summary>
    public static string Measurements(double[] steps, IEnumerable<(string Name, double[] Values)> series, string title)
    {
        using Plot plot = Create(title, "step", "");
        foreach ((string name, double[] values) in series)
        {
            var line = plot.Add.Scatter(steps, values);
            line.LineWidth = 2;
            line.MarkerSize = 7;
            line.LegendText = name;
        }

        plot.Axes.SetLimitsY(0, 1);
        plot.ShowLegend(Alignment.LowerRight);
        return plot.GetSvgXml(620, 360);
    }

    /// <summary>Interpolated precision over recall at one IoU threshold, one line per class.</summary>
    /// <param name="result">Of any categories.</param>
    /// <param name="threshold">Index of the IoU threshold: 0 is 0.50.</param>
    public static string PrecisionRecall(CocoResult result, int threshold)
    {
        using Plot plot = Create("Precision over recall at IoU " + Text(0.5 + 0.05 * threshold, "0.00"), "recall", "precision");
        (int levels, int categories, int areas, int limits) = ((int)result.Shape[1], (int)result.Shape[2], (int)result.Shape[3], (int)result.Shape[4]);
        double[] recall = CocoEvaluationOptions.EvenlySpaced(0, 1, levels);
        for (int k = 0; k < categories; k++)
        {
            double[] precision = [.. Enumerable.Range(0, levels).Select(r => result.Precision[((((threshold * levels + r) * categories + k) * areas) + 0) * limits + limits - 1])];
            if (precision.All(p => p < 0))
            {
                continue; // No object of the class.
            }

            var line = plot.Add.ScatterLine(recall, precision);
            line.LineWidth = 2;
            line.LegendText = categories <= 12 ? result.CategoryNames[k] : "";
        }

        plot.Axes.SetLimits(0, 1.01, 0, 1.02);
        plot.ShowLegend(Alignment.LowerLeft);
        return plot.GetSvgXml(620, 360);
    }

    /// <summary>One bar per setting with an error bar.</summary>
    /// <param name="names">Settings.</param>
    /// <param name="means">Heights.</param>
    /// <param name="errors">Half lengths of the error bars; NaN draws none.</param>
    /// <param name="labels">Text above each bar.</param>
    /// <param name="title">Above the chart.</param>
    public static string Settings(IReadOnlyList<string> names, IReadOnlyList<double> means, IReadOnlyList<double> errors, IReadOnlyList<string> labels, string title)
    {
        using Plot plot = Create(title, "", "");
        Color colour = plot.Add.GetNextColor();
        double[] positions = [.. Enumerable.Range(0, names.Count).Select(i => (double)i)];
        plot.Add.Bars([.. positions.Select((p, i) => new Bar { Position = p, Value = means[i], Error = double.IsFinite(errors[i]) ? errors[i] : 0, Size = 0.6, FillColor = colour, Label = labels[i] })]);
        plot.Axes.Bottom.SetTicks(positions, [.. names]);
        plot.Axes.SetLimits(-0.6, names.Count - 0.4, 0, Math.Max(1.05, 1.1 * means.Max()));
        return plot.GetSvgXml(620, 360);
    }

    internal static string Text(double value, string format) => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Mean over a window centred on each value, shorter at the ends; NaN values are left out.</summary>
    internal static double[] RunningMean(double[] values, int window)
    {
        var result = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double[] near = [.. values[Math.Max(0, i - window / 2)..Math.Min(values.Length, i + (window + 1) / 2)].Where(double.IsFinite)];
            result[i] = near.Length == 0 ? double.NaN : near.Average();
        }

        return result;
    }

    private static Plot Create(string title, string x, string y)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.Transparent;
        plot.Title(title);
        plot.XLabel(x);
        plot.YLabel(y);
        return plot;
    }
}
