using System.Globalization;
using System.Text;
using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Core.Analysis;

/// <summary>Boxes, masks, classes and scores as SVG over an embedded image: sharp at any zoom, with the numbers in a tooltip.</summary>
internal static class BoxOverlay
{
    /// <summary>The image with its boxes; the highest score is on top. Sizes of lines and text follow the image.</summary>
    public static string Svg(PageImage image, IEnumerable<BoxLabel> boxes, IReadOnlyList<string> classNames)
    {
        // In units of the image; a cell of the gallery is about 280 pixels wide.
        double unit = Math.Max(image.Width, image.Height) / 280.0, font = 10 * unit;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {image.Width} {image.Height}\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"{Number(font)}\"><use href=\"#{image.Id}\"/>\n");
        BoxLabel[] ordered = [.. boxes.OrderBy(box => box.Score ?? 0)];
        foreach (BoxLabel box in ordered)
        {
            if (box.Mask is not null)
            {
                svg.Append($"<path d=\"{MaskPath(box.Mask.Rasterise(image.Height, image.Width))}\" fill=\"{Colour(box.Label)}\" fill-opacity=\"0.45\" shape-rendering=\"crispEdges\"/>\n");
            }
        }

        foreach (BoxLabel box in ordered)
        {
            svg.Append($"<rect x=\"{Number(box.Box.X1)}\" y=\"{Number(box.Box.Y1)}\" width=\"{Number(box.Box.Width)}\" height=\"{Number(box.Box.Height)}\" fill=\"none\" stroke=\"{Colour(box.Label)}\" stroke-width=\"{Number(1.6 * unit)}\"><title>{HtmlPage.Escape(Tooltip(box, classNames))}</title></rect>\n");
        }

        // Text after all boxes, so that no line crosses it.
        foreach (BoxLabel box in ordered)
        {
            string text = Caption(box, classNames);
            double width = font * (0.56 * text.Length + 0.5), height = font * 1.2;
            double x = Math.Clamp(box.Box.X1, 0, Math.Max(0, image.Width - width));
            double y = box.Box.Y1 - height >= 0 ? box.Box.Y1 - height : Math.Clamp(box.Box.Y1, 0, image.Height - height);
            string ink = ClassColours.TakesBlackText(ClassColours.Of(box.Label)) ? "#000" : "#fff";
            svg.Append($"<rect x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(width)}\" height=\"{Number(height)}\" fill=\"{Colour(box.Label)}\"/>");
            svg.Append($"<text x=\"{Number(x + font * 0.25)}\" y=\"{Number(y + font * 0.92)}\" fill=\"{ink}\">{HtmlPage.Escape(text)}</text>\n");
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>The pixels as rectangles, one for each run of a row; runs that go on unchanged in the next rows are one rectangle.</summary>
    private static string MaskPath(BitmapMask mask)
    {
        var path = new StringBuilder();
        var open = new Dictionary<(int From, int To), int>();
        for (int y = 0; y <= mask.Height; y++)
        {
            var runs = new HashSet<(int From, int To)>();
            ReadOnlySpan<byte> row = y < mask.Height ? mask.Pixels.Slice(y * mask.Width, mask.Width) : [];
            for (int x = 0; x < row.Length; x++)
            {
                int from = x;
                while (x < row.Length && row[x] != 0)
                {
                    x++;
                }

                if (x > from)
                {
                    runs.Add((from, x));
                }
            }

            foreach (((int from, int to), int top) in open.Where(o => !runs.Contains(o.Key)).OrderBy(o => o.Key).ToArray())
            {
                path.Append(CultureInfo.InvariantCulture, $"M{from} {top}H{to}V{y}H{from}z");
                open.Remove((from, to));
            }

            foreach ((int From, int To) run in runs)
            {
                open.TryAdd(run, y);
            }
        }

        return path.ToString();
    }

    private static string Caption(BoxLabel box, IReadOnlyList<string> classNames)
    {
        string name = box.Label >= 1 && box.Label <= classNames.Count ? classNames[box.Label - 1] : box.Label.ToString(CultureInfo.InvariantCulture);
        return box.Score is { } score ? string.Create(CultureInfo.InvariantCulture, $"{name} {score:0.00}") : name;
    }

    private static string Tooltip(BoxLabel box, IReadOnlyList<string> classNames) =>
        string.Create(CultureInfo.InvariantCulture, $"{Caption(box, classNames)} ({box.Box.X1:0}, {box.Box.Y1:0}) – ({box.Box.X2:0}, {box.Box.Y2:0})");

    private static string Colour(int label)
    {
        (byte r, byte g, byte b) = ClassColours.Of(label);
        return $"#{r:x2}{g:x2}{b:x2}";
    }

    private static string Number(double value) => Math.Round(value, 2).ToString(CultureInfo.InvariantCulture);
}
