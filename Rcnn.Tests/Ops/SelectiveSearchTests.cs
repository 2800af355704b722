using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

[Trait("Vectors", "fingerprints")]
public sealed class SelectiveSearchTests
{
    private static readonly SelectiveSearchOptions Tiny = SelectiveSearchOptions.Fast with { MinSize = 8, Scales = [60, 120] };

    [Fact]
    public void Boxes_OfRectangles_CoverEveryOne()
    {
        for (long seed = 0; seed < 4; seed++)
        {
            byte[] image = SearchScenes.Scene(new RandomStream(seed, "scene"), 120, 160, 9, out (int X1, int Y1, int X2, int Y2)[] objects);
            float[][] boxes = [.. SelectiveSearch.Boxes(image, 120, 160, SelectiveSearchOptions.Fast with { MinSize = 30 }).Chunk(4)];
            Assert.All(objects, o => Assert.True(boxes.Max(b => Overlap(b, o)) > 0.8, $"seed {seed}: {o}"));
        }
    }

    [Fact]
    public void Boxes_AreDistinctWholePixelsInsideTheImage_WithTheImageAmongThem()
    {
        byte[] image = SearchScenes.Scene(new RandomStream(3), 50, 70);
        float[][] boxes = [.. SelectiveSearch.Boxes(image, 50, 70, Tiny).Chunk(4)];
        Assert.Equal(boxes.Length, boxes.Select(b => (b[0], b[1], b[2], b[3])).Distinct().Count());
        Assert.All(boxes, b => Assert.True(b[0] >= 0 && b[1] >= 0 && b[2] <= 70 && b[3] <= 50 && b[2] > b[0] && b[3] > b[1] && b.All(v => v == MathF.Floor(v))));
        Assert.Contains(boxes, b => b is [0, 0, 70, 50]);
    }

    [Fact]
    public void Boxes_SameSeed_SameOrder_AtAnyThreadCount_AndAnotherSeedAnotherOrder()
    {
        byte[] image = SearchScenes.Scene(new RandomStream(4), 60, 80);
        int before = Engine.Threads;
        try
        {
            Engine.Threads = 1;
            float[] one = SelectiveSearch.Boxes(image, 60, 80, Tiny);
            Engine.Threads = 2;
            Assert.Equal(one, SelectiveSearch.Boxes(image, 60, 80, Tiny));
            float[] other = SelectiveSearch.Boxes(image, 60, 80, Tiny with { Seed = 1 });
            Assert.NotEqual(one, other);
            Assert.Equal(Set(one), Set(other));
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    [Fact]
    public void Boxes_LargeRegionsComeEarlierOnAverage()
    {
        byte[] image = SearchScenes.Scene(new RandomStream(6), 120, 160, 16, out _);
        double[] areas = [.. SelectiveSearch.Boxes(image, 120, 160, Tiny).Chunk(4).Select(b => (double)(b[2] - b[0]) * (b[3] - b[1]))];
        Assert.True(areas[..(areas.Length / 3)].Average() > 1.5 * areas[^(areas.Length / 3)..].Average());
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 40)]
    [InlineData(33, 1)]
    [InlineData(2, 3)]
    public void Boxes_OfTinyImages_EndWithTheImage(int height, int width)
    {
        byte[] image = SearchScenes.Scene(new RandomStream(height), 40, 50)[..(3 * height * width)];
        foreach (SelectiveSearchOptions options in new[] { SelectiveSearchOptions.Single, SelectiveSearchOptions.Quality, SelectiveSearchOptions.PaperQuality with { MinSide = 1 }, Tiny with { MinSize = 1, Scales = [0] } })
        {
            float[][] boxes = [.. SelectiveSearch.Boxes(image, height, width, options).Chunk(4)];
            Assert.Contains(boxes, b => b[0] == 0 && b[1] == 0 && b[2] == width && b[3] == height);
        }
    }

    [Fact]
    public void Boxes_ConstantImage_IsOneBox() =>
        Assert.Equal([0, 0, 30, 20], SelectiveSearch.Boxes(Enumerable.Repeat((byte)90, 3 * 20 * 30).ToArray(), 20, 30, SelectiveSearchOptions.Quality));

    [Fact]
    public void Apply_MinSideAboveTheImage_GivesNoBoxes()
    {
        Tensor boxes = SelectiveSearch.Apply(SearchScenes.Scene(new RandomStream(1), 20, 30), 20, 30, Tiny with { MinSide = 21 });
        Assert.Equal([0L, 4], boxes.shape);
        Assert.Equal(ScalarType.Float32, boxes.dtype);
    }

    [Theory]
    [InlineData(Similarity.All, 1)]
    [InlineData(Similarity.Texture | Similarity.Size | Similarity.Fill, 2)]
    [InlineData(Similarity.Colour | Similarity.Size, 3)]
    [InlineData(Similarity.Texture, 4)]
    public void Grouping_EqualsTheOracle(Similarity similarity, long seed)
    {
        const int Height = 30, Width = 40;
        byte[] image = SearchScenes.Scene(new RandomStream(seed, "grouping"), Height, Width);
        byte[][] planes = [.. Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, Height * Width).Select(i => image[(3 * i) + c]).ToArray())];
        TextureBins[] textures = [.. planes.Select(p => new TextureBins(p, Height, Width))];
        var graph = new RegionGraph(GraphSegmentation.Segment(image, Height, Width, 3, 0.5, 10, 8));
        Assert.InRange(graph.Map.Count, 12, 150);
        using var histograms = new RegionHistograms(graph.Map, planes, textures);
        RegionExtent[] regions = HierarchicalGrouping.Run(graph, histograms, similarity);
        Assert.Equal((2 * graph.Map.Count) - 1, regions.Length);
        Assert.Equal(new RegionExtent(Height * Width, 0, 0, Width, Height), regions[^1]);
        Assert.Equal(GroupingOracle.Run(graph.Map, planes, textures, similarity), regions);
        Array.ForEach(textures, t => t.Dispose());
    }

    [Fact]
    public void RegionGraph_PairsAndExtents_OfAHandDrawnMap()
    {
        // 0 0 1     0 and 4 meet at a corner along the diagonal that counts, 2 and 3 along the other one.
        // 0 0 2
        // 3 3 4
        RegionMap map = GraphSegmentation.Segment([0, 0, 50, 0, 0, 100, 200, 200, 150], 3, 3, 1, 0, 0, 1);
        Assert.Equal([0, 0, 1, 0, 0, 2, 3, 3, 4], map.Labels.ToArray());
        var graph = new RegionGraph(map);
        Assert.Equal([(0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (2, 4), (3, 4)], graph.Pairs);
        Assert.Equal([new(4, 0, 0, 2, 2), new(1, 2, 0, 3, 1), new(1, 2, 1, 3, 2), new(2, 0, 2, 2, 3), new(1, 2, 2, 3, 3)], graph.Regions);
    }

    [Fact]
    public void Boxes_WrongInput_NamesTheValue()
    {
        Assert.Contains("27 bytes", Assert.Throws<ArgumentException>(() => SelectiveSearch.Boxes(new byte[26], 3, 3)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectiveSearch.Boxes([], 0, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectiveSearch.Boxes([], 1, 65536));
        Assert.Contains("Scales", Assert.Throws<ArgumentException>(() => SelectiveSearch.Boxes(new byte[27], 3, 3, Tiny with { Scales = [] })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SelectiveSearch.Boxes(new byte[27], 3, 3, Tiny with { Similarities = [0] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => SelectiveSearch.Boxes(new byte[27], 3, 3, Tiny with { Scales = [double.NaN] }));
    }

    private static HashSet<(float, float, float, float)> Set(float[] boxes) => [.. boxes.Chunk(4).Select(b => (b[0], b[1], b[2], b[3]))];

    private static double Overlap(float[] a, (int X1, int Y1, int X2, int Y2) b)
    {
        double w = Math.Min(a[2], b.X2) - Math.Max(a[0], b.X1), h = Math.Min(a[3], b.Y2) - Math.Max(a[1], b.Y1), both = w > 0 && h > 0 ? w * h : 0;
        return both / (((a[2] - a[0]) * (a[3] - a[1])) + ((double)(b.X2 - b.X1) * (b.Y2 - b.Y1)) - both);
    }
}
