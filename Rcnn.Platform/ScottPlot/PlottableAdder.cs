using ScottPlot.Plottables;

namespace ScottPlot;

/// <summary>Creates plottables, adds them to the plot and gives each the next colour.</summary>
public class PlottableAdder
{
    private readonly Plot _plot;

    internal PlottableAdder(Plot plot) => _plot = plot;

    public Color GetNextColor() => Colors.Category10[_plot.PlottableList.Count % Colors.Category10.Length];

    public Scatter Scatter(double[] xs, double[] ys, Color? color = null) => Keep(new Scatter(xs, ys, color ?? GetNextColor()));

    public Scatter ScatterLine(double[] xs, double[] ys, Color? color = null)
    {
        Scatter scatter = Scatter(xs, ys, color);
        scatter.MarkerSize = 0;
        return scatter;
    }

    public Scatter ScatterPoints(double[] xs, double[] ys, Color? color = null)
    {
        Scatter scatter = Scatter(xs, ys, color);
        scatter.LineWidth = 0;
        return scatter;
    }

    public BarPlot Bar(double position, double value, double error = 0, Color? color = null) =>
        Bars([new Bar { Position = position, Value = value, Error = error, FillColor = color ?? GetNextColor() }]);

    public BarPlot Bars(IEnumerable<Bar> bars) => Keep(new BarPlot(bars));

    public BarPlot Bars(double[] values) => Bars([.. Enumerable.Range(0, values.Length).Select(i => (double)i)], values);

    public BarPlot Bars(double[] positions, double[] values)
    {
        if (positions.Length != values.Length)
        {
            throw new ArgumentException($"as many positions as values expected, got {positions.Length} and {values.Length}");
        }

        Color color = GetNextColor();
        return Bars([.. positions.Zip(values, (position, value) => new Bar { Position = position, Value = value, FillColor = color })]);
    }

    public ErrorBar ErrorBar(IReadOnlyList<double> xs, IReadOnlyList<double> ys, IReadOnlyList<double> yErrors) =>
        Keep(new ErrorBar(xs, ys, yErrors, GetNextColor()));

    public HorizontalLine HorizontalLine(double y, float width = 2, Color? color = null, LinePattern pattern = LinePattern.Solid) =>
        Keep(new HorizontalLine { Y = y, LineWidth = width, LineColor = color ?? GetNextColor(), LinePattern = pattern });

    private T Keep<T>(T plottable)
        where T : IPlottable
    {
        _plot.PlottableList.Add(plottable);
        return plottable;
    }
}
