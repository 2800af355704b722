using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Efficient graph-based image segmentation (Felzenszwalb and Huttenlocher 2004). Edges between neighbouring pixels are taken by ascending colour distance; an edge joins
/// two components when its weight is at most the internal difference Int(C) + k/|C| of both. Components below the minimum size then join along the
/// lightest edge that leaves them. The partition depends on the order of edges of equal weight: here row by row, direction by direction, left to right.
/// </summary>
public static class GraphSegmentation
{
    /// <summary>Labels of one image, on one thread.</summary>
    /// <param name="pixels">uint8, height × width × channels, row after row.</param>
    /// <param name="height">Rows, ≥ 1.</param>
    /// <param name="width">Columns, ≥ 1.</param>
    /// <param name="channels">Values of a pixel, ≥ 1; the weight is their Euclidean distance.</param>
    /// <param name="sigma">Standard deviation of the Gaussian that smooths every channel first, in pixels; 0 smooths nothing.</param>
    /// <param name="k">Scale of observation, in grey levels, ≥ 0: larger gives larger components.</param>
    /// <param name="minSize">Smallest component in pixels; 1 or less keeps all. An image smaller than this is one component.</param>
    /// <param name="neighbourhood">Which pixels are joined by edges.</param>
    /// <exception cref="ArgumentException">A side or the number of channels below 1, another number of pixels, or σ or k negative or not finite.</exception>
    public static RegionMap Segment(
        ReadOnlySpan<byte> pixels, int height, int width, int channels, double sigma, double k, int minSize, PixelNeighbourhood neighbourhood = PixelNeighbourhood.Four)
    {
        OperatorInput.Positive(height, nameof(height));
        OperatorInput.Positive(width, nameof(width));
        OperatorInput.Positive(channels, nameof(channels));
        if (pixels.Length != (long)height * width * channels)
        {
            throw new ArgumentException($"pixels: {(long)height * width * channels} bytes for {height}×{width}×{channels} expected, got {pixels.Length}", nameof(pixels));
        }

        Level(sigma, nameof(sigma));
        Level(k, nameof(k));
        var planes = new SmoothPlane[channels];
        byte[] plane = new byte[height * width];
        for (int c = 0; c < channels; c++)
        {
            for (int i = 0; i < plane.Length; i++)
            {
                plane[i] = pixels[(i * channels) + c];
            }

            planes[c] = new SmoothPlane(plane, height, width, sigma);
        }

        using var edges = new PixelEdges(planes, neighbourhood);
        Array.ForEach(planes, p => p.Dispose());
        return edges.Segment((float)k, minSize);
    }

    internal static void Level(double value, string name)
    {
        if (!(value >= 0 && double.IsFinite(value)))
        {
            throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"{name} ≥ 0 and finite expected, got {value}"));
        }
    }
}
