using System.Net;
using System.Text;
using Rcnn.Core.Data;

namespace Rcnn.Core.Analysis;

/// <summary>
/// One HTML file that needs nothing else: style, charts and images are inside. Follows the reader's light or dark mode, and prints.
/// Text is escaped; what is passed as <c>html</c> or <c>svg</c> is not.
/// </summary>
public sealed class HtmlPage(string title)
{
    private readonly StringBuilder _body = new();
    private readonly StringBuilder _images = new();
    private readonly List<(string Id, string Text)> _sections = [];
    private int _imageCount;

    public HtmlPage Section(string heading)
    {
        string id = $"s{_sections.Count + 1}";
        _sections.Add((id, heading));
        return Html($"<h2 id=\"{id}\">{Escape(heading)}</h2>\n");
    }

    public HtmlPage Heading(string text) => Html($"<h3>{Escape(text)}</h3>\n");

    public HtmlPage Paragraph(string text) => Html($"<p>{Escape(text)}</p>\n");

    /// <summary>Preformatted text: a command, a configuration.</summary>
    public HtmlPage Code(string text) => Html($"<pre>{Escape(text)}</pre>\n");

    /// <summary>Text that is folded away until asked for.</summary>
    public HtmlPage Folded(string summary, string text) => Html($"<details><summary>{Escape(summary)}</summary><pre>{Escape(text)}</pre></details>\n");

    /// <summary>A row of large numbers with a caption below each.</summary>
    public HtmlPage Figures(IEnumerable<(string Value, string Caption)> figures) =>
        Html("<div class=\"figures\">" + string.Concat(figures.Select(f => $"<div><b>{Escape(f.Value)}</b><span>{Escape(f.Caption)}</span></div>")) + "</div>\n");

    public HtmlPage Table(IEnumerable<string> headers, IEnumerable<IEnumerable<string>> rows)
    {
        string[] head = [.. headers];
        string[][] body = [.. rows.Select(row => row.ToArray())];
        bool[] numeric = [.. head.Select((_, column) => body.Length > 0 && body.All(row => IsNumber(row[column])))];
        return Html($"<table>\n<thead>{Row("th", head, numeric)}</thead>\n<tbody>\n{string.Concat(body.Select(row => Row("td", row, numeric)))}</tbody>\n</table>\n");
    }

    /// <summary>Charts beside one another where there is room.</summary>
    public HtmlPage Charts(params IEnumerable<string> svg) => Html("<div class=\"charts\">\n" + string.Concat(svg.Select(s => $"<figure>{s}</figure>\n")) + "</div>\n");

    /// <summary>Takes an image into the page once; the answer is what <see cref="Picture"/> shows any number of times.</summary>
    public PageImage Embed(RgbImage image)
    {
        string id = $"i{++_imageCount}";
        string data = Convert.ToBase64String(ImageFile.Encode(image, ".jpg"));
        _images.Append($"<image id=\"{id}\" width=\"{image.Width}\" height=\"{image.Height}\" href=\"data:image/jpeg;base64,{data}\"/>\n");
        return new PageImage(id, image.Width, image.Height);
    }

    /// <summary>An embedded image with boxes over it, as a figure element for <see cref="Gallery"/>.</summary>
    public static string Picture(PageImage image, IEnumerable<BoxLabel> boxes, IReadOnlyList<string> classNames, string caption) =>
        $"<figure>{BoxOverlay.Svg(image, boxes, classNames)}<figcaption>{Escape(caption)}</figcaption></figure>\n";

    /// <summary>Figures in rows of equal cells.</summary>
    /// <param name="figures">From <see cref="Picture"/>.</param>
    /// <param name="columns">Cells in a row on a wide screen.</param>
    public HtmlPage Gallery(IEnumerable<string> figures, int columns) =>
        Html($"<div class=\"gallery\" style=\"--columns:{columns}\">\n{string.Concat(figures)}</div>\n");

    public HtmlPage Html(string html)
    {
        _body.Append(html);
        return this;
    }

    public override string ToString()
    {
        string contents = string.Concat(_sections.Select(s => $"<a href=\"#{s.Id}\">{Escape(s.Text)}</a>\n"));
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/>
            <title>{Escape(title)}</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            <svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
            {_images}</defs></svg>
            <main>
            <h1>{Escape(title)}</h1>
            <nav>
            {contents}</nav>
            {_body}</main>
            </body>
            </html>

            """;
    }

    /// <summary>Writes the file: to a temporary name first, so no half-written page stays.</summary>
    public void Write(string path)
    {
        string partial = path + ".partial";
        File.WriteAllText(partial, ToString());
        File.Move(partial, path, overwrite: true);
    }

    internal static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static string Row(string tag, IEnumerable<string> cells, bool[] numeric) =>
        "<tr>" + string.Concat(cells.Select((cell, i) => $"<{tag}{(numeric[i] ? " class=\"number\"" : "")}>{Escape(cell)}</{tag}>")) + "</tr>\n";

    private static bool IsNumber(string cell) =>
        cell is "" or "–" || char.IsAsciiDigit(cell[0]) || (cell.Length > 1 && cell[0] is '-' or '+' && char.IsAsciiDigit(cell[1]));

    private const string Style = """
        :root { --page: #ffffff; --text: #1d2329; --soft: #5d6873; --line: #dde2e7; --card: #f5f7f9; --accent: #1f6fb4; }
        @media (prefers-color-scheme: dark) { :root { --page: #14181c; --text: #dfe5ea; --soft: #97a3ae; --line: #2c343b; --card: #1c2228; --accent: #6cb2f0; } }
        html { color-scheme: light dark; }
        body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 64px; }
        h1 { font-size: 27px; line-height: 1.2; margin: 8px 0; }
        h2 { font-size: 20px; margin: 40px 0 12px; padding-top: 14px; border-top: 1px solid var(--line); }
        h3 { font-size: 16px; margin: 24px 0 8px; }
        p { max-width: 75ch; margin: 8px 0; }
        nav { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 10px 0 18px; }
        a { color: var(--accent); text-decoration: none; }
        a:hover { text-decoration: underline; }
        table { border-collapse: collapse; margin: 12px 0; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
        th, td { padding: 5px 18px 5px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th { color: var(--soft); font-weight: 600; }
        th.number, td.number { text-align: right; }
        pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; overflow-x: auto; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
        details { margin: 10px 0; }
        summary { cursor: pointer; color: var(--accent); }
        figure { margin: 0; }
        figcaption { color: var(--soft); font-size: 13px; margin-top: 2px; }
        .figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
        .figures div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 18px; min-width: 92px; }
        .figures b { display: block; font-size: 24px; line-height: 1.25; font-variant-numeric: tabular-nums; }
        .figures span { color: var(--soft); font-size: 13px; }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(520px, 100%), 1fr)); gap: 18px; }
        .charts svg { width: 100%; height: auto; }
        .gallery { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: 12px; margin: 12px 0; }
        .gallery svg { width: 100%; height: auto; border-radius: 4px; display: block; background: var(--card); }
        @media (max-width: 640px) { .gallery { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
        @media print { nav { display: none; } figure, tr { break-inside: avoid; } }
        """;
}

/// <summary>An image inside a page.</summary>
public readonly record struct PageImage(string Id, int Width, int Height);
