namespace Rcnn.Ops;

/// <summary>
/// Polygons to runs, to the pixel as the COCO API does it. Corners are rounded to fifths of a pixel and each edge becomes a chain of points on that grid, one for each step along its
/// longer side. Where the chain passes the middle of a pixel column, its height there, rounded up to whole pixels, is where the column changes between inside and outside.
/// </summary>
/// <remarks>Only those passages are computed here, not the chains: a flat edge has one at every fifth step, and the passages of a steep edge are found from its slope. The arithmetic is
/// the API's own (double, truncation towards zero), as its rounding decides which pixel is hit.</remarks>
internal static class PolygonScan
{
    private const int Grid = 5;
    private const int Middle = 2;                          // column x is passed between the grid points 5x + 2 and 5x + 3

    /// <summary>Appends the runs. <paramref name="polygon"/> is checked: three points or more, no value beyond ±2·10⁸.</summary>
    public static void Run(ReadOnlySpan<double> polygon, int height, int width, uint pixels, RunBuffer runs)
    {
        int first = runs.Count, last = polygon.Length - 2;
        (int x, int y) from = (Snap(polygon[last]), Snap(polygon[last + 1]));
        if (pixels > 0)
        {
            for (int i = 0; i < polygon.Length; i += 2)
            {
                (int x, int y) to = (Snap(polygon[i]), Snap(polygon[i + 1]));
                Edge(from.x, from.y, to.x, to.y, height, width, runs);
                from = to;
            }
        }

        runs.Add(pixels);
        Span<uint> changes = runs.Span[first..];
        changes.Sort();
        runs.Shorten(first + Runs(changes));
    }

    private static void Edge(int x1, int y1, int x2, int y2, int height, int width, RunBuffer changes)
    {
        int across = Math.Abs(x2 - x1), down = Math.Abs(y2 - y1);
        if (across == 0)
        {
            return;                                        // passes no column
        }

        bool flat = across >= down;
        if (flat ? x1 > x2 : y1 > y2)
        {
            (x1, y1, x2, y2) = (x2, y2, x1, y1);
        }

        // Columns whose middle lies on the edge and inside the image.
        int low = Math.Max(Math.Min(x1, x2), 0), high = Math.Max(x1, x2);
        int begin = low <= Middle ? 0 : (low - Middle + Grid - 1) / Grid, end = (int)Math.Min(width - 1L, FloorDivide(high - Middle - 1, Grid));
        double slope = flat ? (double)(y2 - y1) / across : (double)(x2 - x1) / down;
        for (int x = begin; x <= end; x++)
        {
            int column = (Grid * x) + Middle, row;
            if (flat)
            {
                int step = column - x1;
                row = Math.Min(Along(y1, slope, step), Along(y1, slope, step + 1));
            }
            else
            {
                row = y1 + Passage(x1, slope, down, column);
            }

            changes.Add((uint)(((long)x * height) + Row(row, height)));
        }
    }

    // The step t of a steep edge between whose points t and t + 1 it passes from the grid column to the next, or back. Points only ever move one way.
    private static int Passage(int start, double slope, int steps, int column)
    {
        bool right = slope > 0;
        int t = (int)Math.Clamp((column + 0.5 - start) / slope, 0, steps - 1);
        if (right)
        {
            while (t > 0 && Along(start, slope, t) > column)
            {
                t--;
            }

            while (t < steps - 1 && Along(start, slope, t + 1) <= column)
            {
                t++;
            }
        }
        else
        {
            while (t > 0 && Along(start, slope, t) <= column)
            {
                t--;
            }

            while (t < steps - 1 && Along(start, slope, t + 1) > column)
            {
                t++;
            }
        }

        return t;
    }

    private static int Along(int start, double slope, int step) => (int)(start + (slope * step) + 0.5);

    private static int Snap(double value) => (int)((Grid * value) + 0.5);

    // From the grid to whole pixels, upwards, within the image.
    private static long Row(int row, int height)
    {
        double y = ((row + 0.5) / Grid) - 0.5;
        return (long)Math.Ceiling(Math.Clamp(y, 0, height));
    }

    private static int FloorDivide(int value, int by) => value >= 0 ? value / by : -((-value + by - 1) / by);

    // From sorted places of change to lengths; two changes at one place cancel out.
    private static int Runs(Span<uint> changes)
    {
        uint before = 0;
        foreach (ref uint change in changes)
        {
            (change, before) = (change - before, change);
        }

        int count = 1, i = 1;
        while (i < changes.Length)
        {
            if (changes[i] > 0)
            {
                changes[count++] = changes[i++];
            }
            else if (++i < changes.Length)
            {
                changes[count - 1] += changes[i++];
            }
        }

        return count;
    }
}
