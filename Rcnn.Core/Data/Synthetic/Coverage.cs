namespace Rcnn.Core.Data.Synthetic;

/// <summary>
/// How much of each pixel an <see cref="Outline"/> covers, in the rectangle of the image that it touches:
/// exact along x, four samples along y.
/// </summary>
internal sealed class Coverage
{
    private const int Samples = 4;

    private readonly float[] _values;

    private Coverage(int x0, int y0, int width, int height)
    {
        (X0, Y0, Width, Height) = (x0, y0, width, height);
        _values = new float[width * height];
    }

    public int X0 { get; }

    public int Y0 { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>0 … 1 for a pixel of the image inside the rectangle.</summary>
    public float this[int x, int y] => _values[(y - Y0) * Width + (x - X0)];

    public static Coverage Of(Outline outline, int imageWidth, int imageHeight)
    {
        double left = double.MaxValue, top = double.MaxValue, right = double.MinValue, bottom = double.MinValue;
        foreach (IReadOnlyList<(double X, double Y)> contour in outline.Contours)
        {
            foreach ((double x, double y) in contour)
            {
                (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
            }
        }

        int x0 = (int)Math.Clamp(Math.Floor(left), 0, imageWidth), y0 = (int)Math.Clamp(Math.Floor(top), 0, imageHeight);
        int x1 = (int)Math.Clamp(Math.Ceiling(right), x0, imageWidth), y1 = (int)Math.Clamp(Math.Ceiling(bottom), y0, imageHeight);
        var coverage = new Coverage(x0, y0, x1 - x0, y1 - y0);
        var crossings = new List<double>();
        for (int y = y0; y < y1; y++)
        {
            for (int s = 0; s < Samples; s++)
            {
                crossings.Clear();
                Crossings(outline, y + (s + 0.5) / Samples, crossings);
                crossings.Sort();
                for (int i = 0; i + 1 < crossings.Count; i += 2)
                {
                    coverage.AddSpan(y, crossings[i], crossings[i + 1]);
                }
            }
        }

        return coverage;
    }

    private static void Crossings(Outline outline, double y, List<double> crossings)
    {
        foreach (IReadOnlyList<(double X, double Y)> contour in outline.Contours)
        {
            for (int i = 0; i < contour.Count; i++)
            {
                (double X, double Y) a = contour[i], b = contour[i + 1 == contour.Count ? 0 : i + 1];
                if (a.Y <= y != b.Y <= y)
                {
                    crossings.Add(a.X + (y - a.Y) * ((b.X - a.X) / (b.Y - a.Y)));
                }
            }
        }
    }

    private void AddSpan(int y, double from, double to)
    {
        int row = (y - Y0) * Width;
        from = Math.Max(from - X0, 0);
        to = Math.Min(to - X0, Width);
        for (int x = (int)from; x < to; x++)
        {
            double covered = Math.Min(to, x + 1) - Math.Max(from, x);
            if (covered > 0)
            {
                _values[row + x] += (float)(covered / Samples);
            }
        }
    }
}
