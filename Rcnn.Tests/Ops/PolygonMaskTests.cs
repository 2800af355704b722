using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

public sealed class PolygonMaskTests
{
    [Fact]
    public void WholePixelCorners_CoverTheirPixels()
    {
        BitmapMask mask = new PolygonMask(4, 5, [1, 1, 3, 1, 3, 3, 1, 3]).Rasterise(4, 5);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0], mask.Pixels.ToArray());
    }

    [Fact]
    public void Rasterise_IsTheChainOfFifthsOfAPixel_ForAnyPolygon()
    {
        var random = new RandomStream(11);
        for (int round = 0; round < 3000; round++)
        {
            int height = 1 + random.NextInt(30), width = 1 + random.NextInt(30), points = 3 + random.NextInt(8);
            double spread = round % 3 == 0 ? 5 : round % 3 == 1 ? 40 : 300;
            double[] polygon = [.. Enumerable.Range(0, 2 * points).Select(_ => (random.NextDouble() * spread) - (spread / 3))];
            if (round % 4 == 0)
            {
                polygon = [.. polygon.Select(v => Math.Round(v * 2) / 2)];
            }

            if (round % 5 == 0)
            {
                // A point that occurs twice, as in polygons that are closed by hand.
                (polygon[^2], polygon[^1]) = (polygon[0], polygon[1]);
            }

            Assert.Equal(Chain(polygon, height, width), Rle.FromPolygon(polygon, height, width).Counts());
        }
    }

    [Fact]
    public void PolygonsWithoutArea_OrOutside_AreEmpty()
    {
        foreach (double[] polygon in new double[][] { [5, 5, 5, 5, 5, 5], [1, 1, 9, 9, 1, 1], [-9, 2, -5, 2, -7, 8], [0, 0, 0, 9, 0, 4] })
        {
            Rle rle = Rle.FromPolygon(polygon, 10, 10);
            Assert.Equal(Chain(polygon, 10, 10), rle.Counts());
            Assert.Equal(0, rle.Area);
        }
    }

    [Fact]
    public void FarCorners_AreCutOff()
    {
        Assert.Equal(100, Rle.FromPolygon([-2e8, -2e8, -2e8, 2e8, 2e8, 2e8, 2e8, -2e8], 10, 10).Area);
        Assert.Equal([0u, 3], Rle.FromPolygon([-1, -1, 9, -1, 9, 9, -1, 9], 3, 1).Counts());
        Assert.Equal([0u, 3], Rle.FromPolygon([-1, -1, 9, -1, 9, 9, -1, 9], 1, 3).Counts());
    }

    [Fact]
    public void Parts_AreUnited()
    {
        var mask = new PolygonMask(6, 6, [0, 0, 0, 3, 3, 3, 3, 0], [2, 2, 2, 6, 6, 6, 6, 2]);
        Assert.Equal(9 + 16 - 1, mask.ToRle(6, 6).Area);
    }

    [Fact]
    public void FlipResizeCrop_MoveThePolygonAsTheyMoveItsPixels()
    {
        // Whole corners are exact under every whole transform.
        var polygon = new PolygonMask(8, 10, [2, 1, 2, 5, 7, 5, 7, 1], [0, 6, 0, 8, 4, 8, 4, 6]);
        BitmapMask pixels = polygon.Rasterise(8, 10);
        Equal(pixels.FlipHorizontally(), polygon.FlipHorizontally().Rasterise(8, 10));
        Equal(pixels.FlipVertically(), polygon.FlipVertically().Rasterise(8, 10));
        Equal(pixels.Resize(16, 30), polygon.Resize(16, 30).Rasterise(16, 30));
        Equal(pixels.Resize(16, 30), polygon.Rasterise(16, 30));
        Equal(pixels.Crop(1, 2, 5, 6), polygon.Crop(1, 2, 5, 6).Rasterise(5, 6));
        Equal(pixels.Crop(-3, -2, 20, 20), polygon.Crop(-3, -2, 20, 20).Rasterise(20, 20));
    }

    [Fact]
    public void WrongPolygons_AreNamed()
    {
        string Message(params double[] polygon) => Assert.Throws<ArgumentException>(() => Rle.FromPolygon(polygon, 9, 9)).Message;
        Assert.Contains("three points or more expected, got 4 values", Message(1, 2, 3, 4));
        Assert.Contains("three points or more expected, got 7 values", Message(1, 2, 3, 4, 5, 6, 7));
        Assert.Contains("polygon[3]: a number within ±200000000 expected, got NaN", Message(1, 2, 3, double.NaN, 5, 6));
        Assert.Contains("polygon[0]: a number within ±200000000 expected, got -∞", Message(double.NegativeInfinity, 2, 3, 4, 5, 6).Replace("-Infinity", "-∞"));
        Assert.Contains("parts[1]", Assert.Throws<ArgumentException>(() => new PolygonMask(9, 9, [1, 2, 3, 4, 5, 6], [1, 2])).Message);
        Assert.Contains("got none", Assert.Throws<ArgumentException>(() => new PolygonMask(9, 9)).Message);
    }

    private static void Equal(BitmapMask expected, BitmapMask actual)
    {
        Assert.Equal((expected.Height, expected.Width), (actual.Height, actual.Width));
        Assert.Equal(expected.Pixels.ToArray(), actual.Pixels.ToArray());
    }

    // The definition, point by point: walk every edge on the grid of fifths in steps of one, keep where the walk passes the middle of a column, sort, take differences.
    private static uint[] Chain(double[] polygon, int height, int width)
    {
        int corners = polygon.Length / 2;
        var walk = new List<(int X, int Y)>();
        for (int i = 0; i < corners; i++)
        {
            int n = (i + 1) % corners;
            int x1 = Cut((5 * polygon[2 * i]) + .5), y1 = Cut((5 * polygon[(2 * i) + 1]) + .5), x2 = Cut((5 * polygon[2 * n]) + .5), y2 = Cut((5 * polygon[(2 * n) + 1]) + .5);
            int across = Math.Abs(x1 - x2), down = Math.Abs(y1 - y2);
            bool back = (across >= down && x1 > x2) || (across < down && y1 > y2);
            if (back)
            {
                (x1, x2, y1, y2) = (x2, x1, y2, y1);
            }

            int steps = Math.Max(across, down);
            double slope = across >= down ? (double)(y2 - y1) / across : (double)(x2 - x1) / down;
            for (int d = 0; d <= steps; d++)
            {
                int t = back ? steps - d : d;
                walk.Add(across >= down ? (x1 + t, Cut(y1 + (slope * t) + .5)) : (Cut(x1 + (slope * t) + .5), y1 + t));
            }
        }

        var changes = new List<uint>();
        for (int j = 1; j < walk.Count; j++)
        {
            if (walk[j].X == walk[j - 1].X)
            {
                continue;
            }

            double x = (((walk[j].X < walk[j - 1].X ? walk[j].X : walk[j].X - 1) + .5) / 5) - .5;
            if (Math.Floor(x) != x || x < 0 || x > width - 1)
            {
                continue;
            }

            double y = ((Math.Min(walk[j].Y, walk[j - 1].Y) + .5) / 5) - .5;
            changes.Add((uint)(((int)x * height) + (int)Math.Ceiling(Math.Clamp(y, 0, height))));
        }

        changes.Add((uint)(height * width));
        changes.Sort();
        uint[] runs = [.. changes.Select((c, i) => i == 0 ? c : c - changes[i - 1])];
        var merged = new List<uint> { runs[0] };
        for (int j = 1; j < runs.Length; j++)
        {
            if (runs[j] > 0)
            {
                merged.Add(runs[j]);
            }
            else if (++j < runs.Length)
            {
                merged[^1] += runs[j];
            }
        }

        return [.. merged];
    }

    // double to int as the processor does it: towards zero, and the smallest number for what has no place.
    private static int Cut(double value) => value is > -2147483649.0 and < 2147483648.0 ? (int)value : int.MinValue;
}
