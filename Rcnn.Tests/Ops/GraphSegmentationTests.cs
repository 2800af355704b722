using Rcnn.Ops;
using Rcnn.Ops.Kernels;

namespace Rcnn.Tests.Ops;

public sealed class GraphSegmentationTests
{
    [Fact]
    public void Segment_TwoFlatHalves_GivesTwoRegionsInRasterOrder()
    {
        RegionMap map = GraphSegmentation.Segment([0, 0, 200, 200, 0, 0, 200, 200], 2, 4, 1, 0, 100, 1);
        Assert.Equal(2, map.Count);
        Assert.Equal([0, 0, 1, 1, 0, 0, 1, 1], map.Labels.ToArray());
    }

    [Fact]
    public void Segment_DifferenceUpToK_JoinsSinglePixels()
    {
        Assert.Equal(1, GraphSegmentation.Segment([0, 100], 1, 2, 1, 0, 100, 1).Count);
        Assert.Equal(2, GraphSegmentation.Segment([0, 101], 1, 2, 1, 0, 100, 1).Count);
        // 50 joins the first two: Int + k/2 = 50 + 25 < 80 keeps the third apart.
        Assert.Equal(2, GraphSegmentation.Segment([0, 50, 130], 1, 3, 1, 0, 50, 1).Count);
    }

    [Fact]
    public void Segment_SmallComponents_JoinTheNearestNeighbour()
    {
        RegionMap map = GraphSegmentation.Segment([0, 0, 0, 90, 255, 255, 255], 1, 7, 1, 0, 1, 2);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1], map.Labels.ToArray());
    }

    [Fact]
    public void Segment_DiagonalPixels_MeetOnlyWithEightNeighbours()
    {
        byte[] checker = [0, 255, 255, 0];
        Assert.Equal(4, GraphSegmentation.Segment(checker, 2, 2, 1, 0, 10, 1).Count);
        Assert.Equal([0, 1, 1, 0], GraphSegmentation.Segment(checker, 2, 2, 1, 0, 10, 1, PixelNeighbourhood.Eight).Labels.ToArray());
    }

    [Theory]
    [InlineData(1, 1, 1, 20, 1)]
    [InlineData(1, 37, 3, 20, 2)]
    [InlineData(41, 1, 1, 60, 1)]
    [InlineData(13, 19, 3, 60, 1)]
    [InlineData(24, 33, 3, 200, 7)]
    [InlineData(40, 52, 1, 15, 4)]
    public void Segment_WithoutSmoothing_EqualsTheOracle(int height, int width, int channels, double k, int minSize)
    {
        var random = new RandomStream(height * width, "segment");
        byte[] image = [.. Enumerable.Range(0, height * width * channels).Select(i => (byte)((i / channels % width / 9 * 60) + random.NextInt(40)))];
        foreach (PixelNeighbourhood neighbourhood in Enum.GetValues<PixelNeighbourhood>())
        {
            RegionMap map = GraphSegmentation.Segment(image, height, width, channels, 0, k, minSize, neighbourhood);
            Assert.Equal(Oracle(image, height, width, channels, k, minSize, neighbourhood), map.Labels.ToArray());
            Assert.Equal(map.Count, map.Labels.ToArray().Distinct().Count());
        }
    }

    [Theory]
    [InlineData(1, 1, 0.8)]
    [InlineData(1, 5, 1.3)]
    [InlineData(17, 35, 0.8)]
    [InlineData(9, 70, 2.5)]
    public unsafe void SmoothPlane_EqualsTheConvolutionInDouble(int height, int width, double sigma)
    {
        var random = new RandomStream(width, "smooth");
        byte[] plane = [.. Enumerable.Range(0, height * width).Select(_ => (byte)random.NextInt(256))];
        using var smooth = new SmoothPlane(plane, height, width, sigma);
        int radius = (int)Math.Round((8 * sigma) + 1) / 2;
        double[] weights = [.. Enumerable.Range(-radius, (2 * radius) + 1).Select(d => Math.Exp(-d * d / (2 * sigma * sigma)))];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double sum = 0, total = 0;
                for (int dy = -radius; dy <= radius; dy++)
                {
                    for (int dx = -radius; dx <= radius; dx++)
                    {
                        double weight = weights[dy + radius] * weights[dx + radius];
                        total += weight;
                        sum += weight * plane[(Reflect(y + dy, height) * width) + Reflect(x + dx, width)];
                    }
                }

                Assert.Equal(sum / total, smooth.Pointer[(y * width) + x], 1e-4);
            }
        }
    }

    [Fact]
    public unsafe void RadixSort_EqualKeys_KeepTheirOrder()
    {
        var random = new RandomStream(5);
        ulong[] words = [.. Enumerable.Range(0, 5000).Select(i => ((ulong)(uint)random.NextInt(i % 3 == 0 ? 7 : int.MaxValue) << 32) | (uint)i)];
        ulong[] expected = [.. words.OrderBy(w => w >> 32)];
        var sorted = new ulong[words.Length];
        fixed (ulong* from = words, to = sorted)
        {
            RadixSort.ByUpperWord(from, to, words.Length);
        }

        Assert.Equal(expected, sorted);
    }

    [Fact]
    public void Segment_ConstantImageOrHugeK_GivesOneRegion()
    {
        Assert.Equal(1, GraphSegmentation.Segment(Enumerable.Repeat((byte)7, 30 * 40).ToArray(), 30, 40, 1, 0.8, 0, 1).Count);
        Assert.Equal(1, GraphSegmentation.Segment(SearchScenes.Scene(new RandomStream(1), 30, 40), 30, 40, 3, 0.8, 1e30, 1).Count);
    }

    [Fact]
    public void Segment_WrongInput_NamesTheValue()
    {
        Assert.Contains("12 bytes", Assert.Throws<ArgumentException>(() => GraphSegmentation.Segment(new byte[11], 2, 2, 3, 0, 1, 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => GraphSegmentation.Segment([], 0, 2, 3, 0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => GraphSegmentation.Segment(new byte[4], 2, 2, 1, double.NaN, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => GraphSegmentation.Segment(new byte[4], 2, 2, 1, 1, -1, 1));
    }

    // Sets of pixels as labels that are rewritten at every merge.
    private static int[] Oracle(byte[] image, int height, int width, int channels, double k, int minSize, PixelNeighbourhood neighbourhood)
    {
        (int X, int Y)[] steps = neighbourhood == PixelNeighbourhood.Four ? [(1, 0), (0, 1)] : [(1, 0), (0, 1), (1, 1), (-1, 1)];
        var edges = new List<(double Weight, int A, int B)>();
        for (int y = 0; y < height; y++)
        {
            foreach ((int dx, int dy) in steps)
            {
                for (int x = 0; x < width; x++)
                {
                    if (x + dx >= 0 && x + dx < width && y + dy < height)
                    {
                        int a = (y * width) + x, b = ((y + dy) * width) + x + dx;
                        edges.Add((Math.Sqrt(Enumerable.Range(0, channels).Sum(c => Math.Pow(image[(a * channels) + c] - image[(b * channels) + c], 2))), a, b));
                    }
                }
            }
        }

        edges = [.. edges.OrderBy(e => e.Weight)];
        int[] owner = [.. Enumerable.Range(0, height * width)];
        var inner = new double[height * width];
        foreach ((double weight, int a, int b) in edges)
        {
            (int p, int q) = (owner[a], owner[b]);
            if (p != q && weight <= inner[p] + (k / owner.Count(o => o == p)) && weight <= inner[q] + (k / owner.Count(o => o == q)))
            {
                owner = [.. owner.Select(o => o == q ? p : o)];
                inner[p] = weight;
            }
        }

        foreach ((_, int a, int b) in edges)
        {
            (int p, int q) = (owner[a], owner[b]);
            if (p != q && (owner.Count(o => o == p) < minSize || owner.Count(o => o == q) < minSize))
            {
                owner = [.. owner.Select(o => o == q ? p : o)];
            }
        }

        var names = new Dictionary<int, int>();
        return [.. owner.Select(o => names.TryGetValue(o, out int n) ? n : names[o] = names.Count)];
    }

    private static int Reflect(int i, int count)
    {
        while (count > 1 && (i < 0 || i >= count))
        {
            i = i < 0 ? -i : (2 * (count - 1)) - i;
        }

        return count == 1 ? 0 : i;
    }
}
