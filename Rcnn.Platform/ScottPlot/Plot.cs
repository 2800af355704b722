using System.Text;

namespace ScottPlot;

/// <summary>
/// A chart with one pair of axes, rendered to SVG. On a transparent figure text and axes take the colour of the page around the SVG,
/// so a chart inside an HTML page follows light and dark mode.
/// </summary>
public class Plot : IDisposable
{
    private const double TickSize = 12, LabelSize = 14, TitleSize = 16;

    private string _title = "";
    private Alignment? _legend;

    public Plot()
    {
        Add = new PlottableAdder(this);
        FigureBackground = new BackgroundStyle { Color = Colors.White };
    }

    public List<IPlottable> PlottableList { get; } = [];

    public PlottableAdder Add { get; }

    public AxisManager Axes { get; } = new();

    public BackgroundStyle FigureBackground { get; set; }

    public void Title(string text) => _title = text;

    public void XLabel(string label) => Axes.Bottom.Text = label;

    public void YLabel(string label) => Axes.Left.Text = label;

    public void ShowLegend() => ShowLegend(Alignment.LowerRight);

    public void ShowLegend(Alignment alignment) => _legend = alignment;

    public void HideLegend() => _legend = null;

    public SavedImageInfo SaveSvg(string filePath, int width, int height)
    {
        byte[] bytes = new UTF8Encoding(false).GetBytes(GetSvgXml(width, height));
        File.WriteAllBytes(filePath, bytes);
        return new SavedImageInfo(filePath, bytes.Length);
    }

    /// <summary>The chart as one svg element, <paramref name="width"/> × <paramref name="height"/> pixels.</summary>
    public string GetSvgXml(int width, int height)
    {
        if (width < 1 || height < 1)
        {
            throw new ArgumentException($"a positive size expected, got {width}×{height}");
        }

        (double minX, double maxX) = Limits(Axes.Bottom, 0.03, d => d.Left, d => d.Right);
        (double minY, double maxY) = Limits(Axes.Left, 0.06, d => d.Bottom, d => d.Top);
        var xTicks = Axes.Bottom.Manual ?? Ticks.Between(minX, maxX, Math.Max(2, width / 90));
        var yTicks = Axes.Left.Manual ?? Ticks.Between(minY, maxY, Math.Max(2, height / 50));

        double top = _title.Length > 0 ? 36 : 12;
        double bottom = height - 26 - (Axes.Bottom.Text.Length > 0 ? 22 : 0);
        double left = 14 + 0.62 * TickSize * yTicks.Labels.Select(label => label.Length).DefaultIfEmpty().Max() + (Axes.Left.Text.Length > 0 ? 22 : 0);
        double right = width - 16;
        if (right - left < 10 || bottom - top < 10)
        {
            throw new ArgumentException($"{width}×{height} pixels leave no room for the data");
        }

        bool transparent = FigureBackground.Color.Alpha == 0;
        string ink = transparent ? "currentColor" : "#222222";
        var svg = new StringBuilder();
        svg.Append($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\" role=\"img\">\n");
        svg.Append($"<title>{SvgCanvas.Escape(_title)}</title>\n");
        var canvas = new SvgCanvas(svg, left, right, top, bottom, minX, maxX, minY, maxY, ink);
        if (!transparent)
        {
            canvas.Rectangle(0, 0, width, height, FigureBackground.Color.ToHex(), FigureBackground.Color.Alpha / 255.0);
        }

        DrawAxes(canvas, xTicks, yTicks, (left, right, top, bottom), ink);
        svg.Append($"<svg x=\"{SvgCanvas.Number(left)}\" y=\"{SvgCanvas.Number(top)}\" width=\"{SvgCanvas.Number(right - left)}\" height=\"{SvgCanvas.Number(bottom - top)}\" viewBox=\"{SvgCanvas.Number(left)} {SvgCanvas.Number(top)} {SvgCanvas.Number(right - left)} {SvgCanvas.Number(bottom - top)}\">\n");
        foreach (IPlottable plottable in PlottableList.Where(p => p.IsVisible))
        {
            plottable.Draw(canvas);
        }

        svg.Append("</svg>\n");
        canvas.Text((left + right) / 2, 22, _title, TitleSize, "middle", bold: true);
        canvas.Text((left + right) / 2, height - 10, Axes.Bottom.Text, LabelSize, "middle");
        canvas.Text(16, (top + bottom) / 2, Axes.Left.Text, LabelSize, "middle", rotate: -90);
        DrawLegend(canvas, (left, right, top, bottom), transparent);
        return svg.Append("</svg>\n").ToString();
    }

    public void Dispose() => GC.SuppressFinalize(this);

    private (double Low, double High) Limits(
        Axis axis,
        double margin,
        Func<(double Left, double Right, double Bottom, double Top), double> low,
        Func<(double Left, double Right, double Bottom, double Top), double> high)
    {
        if (double.IsFinite(axis.Min))
        {
            return (axis.Min, axis.Max);
        }

        var data = PlottableList.Where(p => p.IsVisible).Select(p => p.DataLimits()).ToArray();
        double min = data.Select(low).Where(double.IsFinite).DefaultIfEmpty(0).Min();
        double max = data.Select(high).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        double room = max > min ? margin * (max - min) : Math.Max(0.5, Math.Abs(max) * 0.1);
        return (min - room, max + room);
    }

    private void DrawAxes(
        SvgCanvas canvas,
        (double[] Positions, string[] Labels) xTicks,
        (double[] Positions, string[] Labels) yTicks,
        (double Left, double Right, double Top, double Bottom) area,
        string ink)
    {
        foreach ((double position, string label) in xTicks.Positions.Zip(xTicks.Labels))
        {
            double x = canvas.X(position);
            if (Axes.Bottom.Manual is null)
            {
                canvas.Line(x, area.Top, x, area.Bottom, ink, 1, 0.1);
            }

            canvas.Line(x, area.Bottom, x, area.Bottom + 4, ink, 1);
            canvas.Text(x, area.Bottom + 18, label, TickSize, "middle");
        }

        foreach ((double position, string label) in yTicks.Positions.Zip(yTicks.Labels))
        {
            double y = canvas.Y(position);
            canvas.Line(area.Left, y, area.Right, y, ink, 1, 0.1);
            canvas.Line(area.Left - 4, y, area.Left, y, ink, 1);
            canvas.Text(area.Left - 7, y + TickSize * 0.35, label, TickSize, "end");
        }

        canvas.Line(area.Left, area.Top, area.Left, area.Bottom, ink, 1);
        canvas.Line(area.Left, area.Bottom, area.Right, area.Bottom, ink, 1);
    }

    private void DrawLegend(SvgCanvas canvas, (double Left, double Right, double Top, double Bottom) area, bool transparent)
    {
        IPlottable[] items = [.. PlottableList.Where(p => p.IsVisible && p.LegendText.Length > 0)];
        if (_legend is not { } place || items.Length == 0)
        {
            return;
        }

        const double row = 18, pad = 8, swatch = 18;
        double width = pad * 3 + swatch + 0.58 * TickSize * items.Max(item => item.LegendText.Length);
        double height = pad * 2 + row * items.Length - 4;
        double x = place switch
        {
            Alignment.UpperLeft or Alignment.MiddleLeft or Alignment.LowerLeft => area.Left + 8,
            Alignment.UpperCenter or Alignment.MiddleCenter or Alignment.LowerCenter => (area.Left + area.Right - width) / 2,
            _ => area.Right - width - 8,
        };
        double y = place switch
        {
            Alignment.UpperLeft or Alignment.UpperCenter or Alignment.UpperRight => area.Top + 8,
            Alignment.MiddleLeft or Alignment.MiddleCenter or Alignment.MiddleRight => (area.Top + area.Bottom - height) / 2,
            _ => area.Bottom - height - 8,
        };
        // Canvas is the system colour of a page's background: it follows light and dark mode as currentColor does.
        canvas.Rectangle(x, y, width, height, transparent ? "Canvas" : FigureBackground.Color.ToHex(), 0.85, "#80808080");
        for (int i = 0; i < items.Length; i++)
        {
            double middle = y + pad + row * i + 7;
            canvas.Line(x + pad, middle, x + pad + swatch, middle, items[i].LegendColor.ToHex(), items[i] is Plottables.BarPlot ? 10 : 2.5);
            canvas.Text(x + pad * 2 + swatch, middle + TickSize * 0.35, items[i].LegendText, TickSize, "start");
        }
    }
}

/// <summary>How a background is filled.</summary>
public class BackgroundStyle
{
    public Color Color { get; set; }
}

/// <summary>What was saved where.</summary>
public sealed class SavedImageInfo(string path, int fileSize)
{
    public string Path { get; } = path;

    public int FileSize { get; } = fileSize;
}
