// Small vector drawings for the documentation: shapes in the order they are added, on a light card that reads on light and dark pages.
#nullable enable
using System.Text;

public sealed class Svg(double width, double height)
{
    public const string Ink = "#24292f", Faint = "#8c959f", Grid = "#d0d7de", Blue = "#0969da", Red = "#cf222e", Green = "#1a7f37", Orange = "#bc4c00", Violet = "#8250df";

    public static readonly string[] Palette = [Blue, Orange, Green, Violet, Red, "#0a7c86", "#9a6700", "#bf3989", "#57606a"];

    private readonly StringBuilder _body = new();

    public void Rect(double x, double y, double w, double h, string stroke = "none", string fill = "none", double opacity = 1, double line = 1.5, string dash = "") =>
        Add($"<rect x='{N(x)}' y='{N(y)}' width='{N(w)}' height='{N(h)}' fill='{fill}'{(opacity < 1 ? $" fill-opacity='{N(opacity)}'" : "")}{Stroke(stroke, line, dash)}/>");

    public void Line(double x1, double y1, double x2, double y2, string stroke = Grid, double line = 1, string dash = "") =>
        Add($"<line x1='{N(x1)}' y1='{N(y1)}' x2='{N(x2)}' y2='{N(y2)}'{Stroke(stroke, line, dash)}/>");

    public void Dot(double x, double y, double r, string fill) => Add($"<circle cx='{N(x)}' cy='{N(y)}' r='{N(r)}' fill='{fill}'/>");

    public void Path(IEnumerable<(double X, double Y)> points, string stroke, double line = 2, string dash = "", bool close = false, string fill = "none", double opacity = 1) =>
        Add($"<path d='M{string.Join("L", points.Select(p => $"{N(p.X)} {N(p.Y)}"))}{(close ? "Z" : "")}' fill='{fill}'{(opacity < 1 ? $" fill-opacity='{N(opacity)}'" : "")} stroke-linejoin='round'{Stroke(stroke, line, dash)}/>");

    public void Text(double x, double y, string text, string fill = Ink, double size = 13, string anchor = "start", bool bold = false) =>
        Add($"<text x='{N(x)}' y='{N(y)}' fill='{fill}' font-size='{N(size)}'{(anchor == "start" ? "" : $" text-anchor='{anchor}'")}{(bold ? " font-weight='600'" : "")}>{text.Replace("&", "&amp;").Replace("<", "&lt;")}</text>");

    /// <summary>A picture of whole pixels: one path a colour, a run of pixels at a time; null leaves one out.</summary>
    public void Pixels(double left, double top, double side, int height, int width, Func<int, string?> colour)
    {
        var paths = new SortedDictionary<string, StringBuilder>(StringComparer.Ordinal);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0, end; x < width; x = end)
            {
                string? own = colour((y * width) + x);
                for (end = x + 1; end < width && colour((y * width) + end) == own;)
                {
                    end++;
                }

                if (own is not null)
                {
                    paths.TryAdd(own, new StringBuilder());
                    paths[own].Append(CultureInfo.InvariantCulture, $"M{x} {y}h{end - x}v1h{x - end}z");
                }
            }
        }

        foreach ((string fill, StringBuilder path) in paths)
        {
            Add($"<path transform='translate({N(left)} {N(top)}) scale({N(side)})' shape-rendering='crispEdges' fill='{fill}' d='{path}'/>");
        }
    }

    public void Save(string file)
    {
        File.WriteAllText(file, $"""
            <svg xmlns='http://www.w3.org/2000/svg' width='{N(width)}' height='{N(height)}' viewBox='0 0 {N(width)} {N(height)}' font-family='system-ui,Segoe UI,Helvetica,Arial,sans-serif'>
            <rect x='.5' y='.5' width='{N(width - 1)}' height='{N(height - 1)}' rx='6' fill='#ffffff' stroke='{Grid}'/>
            {_body}</svg>

            """);
        Console.WriteLine($"{file} {new FileInfo(file).Length} bytes");
    }

    private void Add(string element) => _body.Append(element).Append('\n');

    private static string Stroke(string stroke, double line, string dash) => stroke == "none" ? "" : $" stroke='{stroke}' stroke-width='{N(line)}'{(dash.Length > 0 ? $" stroke-dasharray='{dash}'" : "")}";

    private static string N(double v) => Math.Round(v, 2).ToString(CultureInfo.InvariantCulture);
}

/// <summary>Axes of a plot inside a picture; Map turns values into points.</summary>
public sealed record PlotArea(Svg Svg, double Left, double Top, double Width, double Height, double X1, double X2, double Y1, double Y2)
{
    public (double X, double Y) Map(double x, double y) => (Left + ((x - X1) / (X2 - X1) * Width), Top + Height - ((y - Y1) / (Y2 - Y1) * Height));

    public void Axes(string xLabel, string yLabel, double[] xTicks, double[] yTicks)
    {
        foreach (double x in xTicks)
        {
            (double px, _) = Map(x, 0);
            Svg.Line(px, Top, px, Top + Height);
            Svg.Text(px, Top + Height + 16, x.ToString("0.###", CultureInfo.InvariantCulture), Svg.Faint, 11, "middle");
        }

        foreach (double y in yTicks)
        {
            (_, double py) = Map(X1, y);
            Svg.Line(Left, py, Left + Width, py);
            Svg.Text(Left - 6, py + 4, y.ToString("0.###", CultureInfo.InvariantCulture), Svg.Faint, 11, "end");
        }

        Svg.Rect(Left, Top, Width, Height, Svg.Faint, line: 1);
        Svg.Text(Left + (Width / 2), Top + Height + 33, xLabel, anchor: "middle", size: 12);
        Svg.Text(Left, Top - 8, yLabel, size: 12);
    }

    public void Curve(IEnumerable<(double X, double Y)> points, string stroke, string dash = "") => Svg.Path(points.Select(p => Map(p.X, p.Y)), stroke, 2, dash);
}
