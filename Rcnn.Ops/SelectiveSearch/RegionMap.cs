namespace Rcnn.Ops;

/// <summary>A partition of an image into regions: one label a pixel, 0 … <see cref="Count"/> − 1 in raster order of first appearance.</summary>
public sealed class RegionMap
{
    private readonly int[] _labels;

    internal RegionMap(int height, int width, int count, int[] labels) => (Height, Width, Count, _labels) = (height, width, count, labels);

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>How many regions there are; at least 1.</summary>
    public int Count { get; }

    /// <summary>Row-major, height·width.</summary>
    public ReadOnlySpan<int> Labels => _labels;
}
