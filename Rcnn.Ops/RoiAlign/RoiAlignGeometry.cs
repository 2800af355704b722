using System.Runtime.CompilerServices;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>What a RoIAlign computes, apart from the data: output grid, scale and sampling. Shared by every path of the operator.</summary>
/// <param name="Height">Rows of the output, P_h ≥ 1.</param>
/// <param name="Width">Columns of the output, P_w ≥ 1.</param>
/// <param name="Scale">Feature cells per pixel of the RoI coordinates.</param>
/// <param name="SamplingRatio">Samples per bin and axis; 0 or less means ⌈RoI side / bins⌉ for each RoI.</param>
/// <param name="Aligned">Shifts by half a cell and leaves small RoIs as they are; legacy (false) clamps their sides to at least one cell.</param>
internal readonly record struct RoiAlignSettings(int Height, int Width, float Scale, int SamplingRatio, bool Aligned);

/// <summary>One RoI in feature cells: image index, corner, bin size and samples per bin, as He et al. 2017, §3, in float32.</summary>
internal readonly struct RoiAlignRegion
{
    public readonly int Batch, GridHeight, GridWidth;
    public readonly float X, Y, BinWidth, BinHeight;

    /// <param name="roi">(image index, x1, y1, x2, y2)</param>
    public unsafe RoiAlignRegion(float* roi, in RoiAlignSettings s)
    {
        float offset = s.Aligned ? 0.5f : 0f;
        Batch = (int)roi[0];
        X = roi[1] * s.Scale - offset;
        Y = roi[2] * s.Scale - offset;
        float width = roi[3] * s.Scale - offset - X;
        float height = roi[4] * s.Scale - offset - Y;
        if (!s.Aligned)
        {
            width = width > 1f ? width : 1f;
            height = height > 1f ? height : 1f;
        }

        BinHeight = height / s.Height;
        BinWidth = width / s.Width;
        GridHeight = s.SamplingRatio > 0 ? s.SamplingRatio : (int)MathF.Ceiling(BinHeight);
        GridWidth = s.SamplingRatio > 0 ? s.SamplingRatio : (int)MathF.Ceiling(BinWidth);
    }

    /// <summary>One over the number of samples in a bin, those outside the map included.</summary>
    public float InverseCount => 1f / Math.Max((long)GridHeight * GridWidth, 1);
}

/// <summary>
/// The samples of one axis. Bilinear sampling on a grid is separable: all samples of a row (column) of bins collapse into a short list of
/// (input row, weight), and a bin is the sum over the product of two such lists.
/// </summary>
internal readonly unsafe struct SampleAxis : IDisposable
{
    private readonly Scratch<int> _ints;
    private readonly Scratch<float> _floats;

    /// <param name="bins">Bins along the axis.</param>
    /// <param name="size">Cells of the map along the axis.</param>
    public SampleAxis(int bins, int size)
    {
        // A bin never lists a cell twice when its samples advance steadily, so a bin needs at most `size` entries.
        _ints = new Scratch<int>(bins + 1 + (long)bins * (size + 1));
        _floats = new Scratch<float>((long)bins * (size + 1));
        Start = _ints.Pointer;
        Index = _ints.Pointer + bins + 1;
        Weight = _floats.Pointer;
    }

    /// <summary>First entry of each bin; one more for the end.</summary>
    public int* Start { get; }

    public int* Index { get; }

    public float* Weight { get; }

    /// <summary>Fills the lists for one RoI. Samples more than one cell outside the map contribute nothing; those in the border are clamped.</summary>
    public void Build(float origin, float bin, int bins, int grid, int size)
    {
        int n = 0;
        for (int p = 0; p < bins; p++)
        {
            Start[p] = n;
            (int from, int to) = Range(origin + p * bin, bin / grid, grid, size);
            for (int i = from; i < to; i++)
            {
                float y = origin + p * bin + (i + 0.5f) * bin / grid;
                if (!(y >= -1f && y <= size))
                {
                    continue;
                }

                y = y > 0 ? y : 0;
                int low = (int)y;
                int high = low + 1;
                if (low >= size - 1)
                {
                    low = high = size - 1;
                    y = low;
                }

                float fraction = y - low;
                n = Add(Start[p], n, low, 1f - fraction);
                n = Add(Start[p], n, high, fraction);
            }
        }

        Start[bins] = n;
    }

    public void Dispose()
    {
        _ints.Dispose();
        _floats.Dispose();
    }

    // The samples that can lie in the map: keeps a RoI a billion cells wide from costing a billion steps.
    private static (int From, int To) Range(float start, float step, int grid, int size)
    {
        if (grid <= 2 * (size + 4))
        {
            return (0, grid);
        }

        double a = (-1.0 - start) / step, b = (size - start) / step;
        double low = Math.Min(a, b) - 2, high = Math.Max(a, b) + 2;
        return double.IsNaN(low) || double.IsNaN(high) ? (0, 0) : ((int)Math.Clamp(low, 0, grid), (int)Math.Clamp(high, 0, grid));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Add(int first, int n, int index, float weight)
    {
        if (weight == 0)
        {
            return n;
        }

        // Samples advance in one direction, so a cell met before is one of the last two.
        for (int k = n - 1; k >= first && k >= n - 2; k--)
        {
            if (Index[k] == index)
            {
                Weight[k] += weight;
                return n;
            }
        }

        Index[n] = index;
        Weight[n] = weight;
        return n + 1;
    }
}
