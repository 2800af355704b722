using System.Globalization;
using System.Security;
using System.Text;

namespace ScottPlot;

/// <summary>The data area of a chart: maps data units to pixels and writes SVG elements.</summary>
/// <param name="ink">Colour of text, axes and error bars: a hex value, or currentColor to follow the page.</param>
internal sealed class SvgCanvas(StringBuilder svg, double left, double right, double top, double bottom, double minX, double maxX, double minY, double maxY, string ink)
{
    public double X(double x) => left + (x - minX) / (maxX - minX) * (right - left);

    public double Y(double y) => bottom - (y - minY) / (maxY - minY) * (bottom - top);

    public static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);

    public static string Escape(string text) => SecurityElement.Escape(text);

    public void Line(double x1, double y1, double x2, double y2, string stroke, double width, double opacity = 1, LinePattern pattern = LinePattern.Solid) =>
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" stroke=\"{stroke}\" stroke-width=\"{Number(width)}\"{Opacity("stroke", opacity)}{Dash(pattern, width)}/>\n");

    /// <param name="anchor">start, middle or end.</param>
    public void Text(double x, double y, string text, double size, string anchor, bool bold = false, double rotate = 0)
    {
        if (text.Length > 0)
        {
            string turn = rotate == 0 ? "" : $" transform=\"rotate({Number(rotate)} {Number(x)} {Number(y)})\"";
            svg.Append($"<text x=\"{Number(x)}\" y=\"{Number(y)}\" font-size=\"{Number(size)}\" text-anchor=\"{anchor}\" fill=\"{ink}\"{(bold ? " font-weight=\"bold\"" : "")}{turn}>{Escape(text)}</text>\n");
        }
    }

    public void Rectangle(double x, double y, double width, double height, string fill, double opacity, string stroke = "none") =>
        svg.Append($"<rect x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(width)}\" height=\"{Number(height)}\" fill=\"{fill}\"{Opacity("fill", opacity)} stroke=\"{stroke}\"/>\n");

    public void Polyline(double[] xs, double[] ys, Color color, double width, LinePattern pattern)
    {
        var path = new StringBuilder();
        bool pen = false;
        for (int i = 0; i < xs.Length; i++)
        {
            bool drawn = double.IsFinite(xs[i]) && double.IsFinite(ys[i]);
            if (drawn)
            {
                path.Append(pen ? 'L' : 'M').Append(Number(X(xs[i]))).Append(' ').Append(Number(Y(ys[i])));
            }

            pen = drawn;
        }

        if (path.Length > 0)
        {
            svg.Append($"<path d=\"{path}\" fill=\"none\" stroke=\"{color.ToHex()}\" stroke-width=\"{Number(width)}\" stroke-linejoin=\"round\"{Opacity("stroke", color.Alpha / 255.0)}{Dash(pattern, width)}/>\n");
        }
    }

    public void Dot(double x, double y, double radius, Color color)
    {
        if (double.IsFinite(x) && double.IsFinite(y))
        {
            svg.Append($"<circle cx=\"{Number(X(x))}\" cy=\"{Number(Y(y))}\" r=\"{Number(radius)}\" fill=\"{color.ToHex()}\"{Opacity("fill", color.Alpha / 255.0)}/>\n");
        }
    }

    public void Box(double x1, double x2, double y1, double y2, Color color) =>
        Rectangle(X(x1), Math.Min(Y(y1), Y(y2)), X(x2) - X(x1), Math.Abs(Y(y1) - Y(y2)), color.ToHex(), color.Alpha / 255.0);

    public void Error(double x, double y, double error, double width, double cap, Color? color)
    {
        if (!double.IsFinite(x + y + error))
        {
            return;
        }

        string stroke = color?.ToHex() ?? ink;
        double low = Y(y - error), high = Y(y + error), at = X(x);
        Line(at, low, at, high, stroke, width);
        Line(at - cap / 2, low, at + cap / 2, low, stroke, width);
        Line(at - cap / 2, high, at + cap / 2, high, stroke, width);
    }

    public void Label(double x, double y, string text) => Text(X(x), Y(y) - 5, text, 12, "middle");

    public void Across(double y, Color color, double width, LinePattern pattern) =>
        Line(left, Y(y), right, Y(y), color.ToHex(), width, color.Alpha / 255.0, pattern);

    private static string Opacity(string what, double value) => value >= 1 ? "" : $" {what}-opacity=\"{Number(value)}\"";

    private static string Dash(LinePattern pattern, double width) => pattern switch
    {
        LinePattern.Dashed => $" stroke-dasharray=\"{Number(5 * width)} {Number(3 * width)}\"",
        LinePattern.Dotted => $" stroke-dasharray=\"{Number(width)} {Number(2 * width)}\"",
        _ => "",
    };
}
