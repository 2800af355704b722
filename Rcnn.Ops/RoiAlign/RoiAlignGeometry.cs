using System.Runtime.CompilerServices;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>Where the samples of a RoI lie, and what lies outside the map.</summary>
internal enum SampleRule
{
    /// <summary>At the centres of equal parts; up to one cell outside takes the border's value, further out is 0. RoIAlign.</summary>
    Centres,

    /// <summary>At the first edges of equal parts; the map goes on with zeros. Dai et al. 2016.</summary>
    Edges,

    /// <summary>From corner to corner, both included; a sample outside the map is 0. Crop-and-resize.</summary>
    Corners,
}

/// <summary>What a RoIAlign or RoIWarp computes, apart from the data. Shared by every path of the operators.</summary>
/// <param name="Height">Rows of the output, P_h ≥ 1.</param>
/// <param name="Width">Columns of the output, P_w ≥ 1.</param>
/// <param name="Scale">Feature cells per pixel of the RoI coordinates.</param>
/// <param name="SamplingRatio">Samples per bin and axis; 0 or less means ⌈RoI side / bins⌉ for each RoI.</param>
/// <param name="Aligned">Shifts by half a cell and leaves small RoIs as they are; legacy (false) clamps their sides to at least one cell.</param>
/// <param name="Reduction">Mean or maximum of a bin's samples.</param>
/// <param name="Rule">Where the samples lie; <paramref name="Aligned"/> speaks for the centres alone.</param>
/// <param name="Quantized">Rounds the RoI to whole cells, half away from zero, at least one cell long.</param>
internal readonly record struct RoiAlignSettings(int Height, int Width, float Scale, int SamplingRatio, bool Aligned,
    BinReduction Reduction = BinReduction.Average, SampleRule Rule = SampleRule.Centres, bool Quantized = false);

/// <summary>One RoI in feature cells: image index and the sampling grid of each axis, in float32.</summary>
internal readonly struct RoiAlignRegion
{
    public readonly int Batch;
    public readonly AxisGrid Y, X;

    /// <param name="roi">(image index, x1, y1, x2, y2)</param>
    /// <param name="s">What is computed.</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    public unsafe RoiAlignRegion(float* roi, in RoiAlignSettings s, int height, int width)
    {
        Batch = (int)roi[0];
        Y = new AxisGrid(roi[2] * s.Scale, roi[4] * s.Scale, s.Height, height, s);
        X = new AxisGrid(roi[1] * s.Scale, roi[3] * s.Scale, s.Width, width, s);
    }

    /// <summary>One over the number of samples in a bin, those outside the map included.</summary>
    public float InverseCount => 1f / Math.Max((long)Y.Samples * X.Samples, 1);
}

/// <summary>The bins and samples of one RoI along one axis.</summary>
internal readonly struct AxisGrid
{
    private readonly SampleRule _rule;
    private readonly float _origin, _extent, _bin;
    private readonly int _size;

    /// <param name="low">First corner in cells.</param>
    /// <param name="high">Second corner in cells.</param>
    /// <param name="bins">Bins along the axis.</param>
    /// <param name="size">Cells of the map along the axis.</param>
    /// <param name="s">What is computed.</param>
    public AxisGrid(float low, float high, int bins, int size, in RoiAlignSettings s)
    {
        if (s.Quantized)
        {
            low = MathF.Round(low, MidpointRounding.AwayFromZero);
            high = Math.Max(MathF.Round(high, MidpointRounding.AwayFromZero), low + 1);
        }

        float offset = s.Aligned && s.Rule == SampleRule.Centres ? 0.5f : 0f;
        (_rule, _size, Bins) = (s.Rule, size, bins);
        _origin = low - offset;
        _extent = high - offset - _origin;
        if (s.Rule == SampleRule.Centres && !s.Aligned)
        {
            _extent = _extent > 1f ? _extent : 1f;
        }

        _bin = _extent / bins;
        Samples = s.SamplingRatio > 0 ? s.SamplingRatio : (int)MathF.Ceiling(_bin);
    }

    public int Bins { get; }

    /// <summary>Samples in a bin; none or fewer for an inverted side with adaptive sampling.</summary>
    public int Samples { get; }

    /// <summary>The samples of a bin that can lie in the map: keeps a RoI a billion cells wide from costing a billion steps.</summary>
    public (int From, int To) Range(int bin)
    {
        if (Samples <= 2 * (_size + 4))
        {
            return (0, Samples);
        }

        float start = _origin + bin * _bin, step = _bin / Samples;
        double a = (-1.0 - start) / step, b = (_size - start) / step;
        double low = Math.Min(a, b) - 2, high = Math.Max(a, b) + 2;
        return double.IsNaN(low) || double.IsNaN(high) ? (0, 0) : ((int)Math.Clamp(low, 0, Samples), (int)Math.Clamp(high, 0, Samples));
    }

    /// <summary>The two cells that a sample lies between and the weight of the second; false when it counts as 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Sample(int bin, int sample, out int low, out int high, out float fraction)
    {
        (low, high, fraction) = (0, 0, 0);
        float y;
        if (_rule == SampleRule.Centres)
        {
            y = _origin + bin * _bin + (sample + 0.5f) * _bin / Samples;
            if (!(y >= -1f && y <= _size))
            {
                return false;
            }

            y = y > 0 ? y : 0;
        }
        else if (_rule == SampleRule.Edges)
        {
            y = _origin + bin * _bin + sample * _bin / Samples;
            if (!(y > -1f && y < _size))
            {
                return false;
            }

            // The neighbour outside is 0, whatever its index: weight alone tells.
            low = (int)MathF.Floor(y);
            (high, fraction) = (low + 1, y - low);
            return true;
        }
        else
        {
            int last = Bins * Samples - 1;
            y = last == 0 ? _origin + 0.5f * _extent : _origin + (bin * Samples + sample) * _extent / last;
            if (!(y >= 0f && y <= _size - 1))
            {
                return false;
            }
        }

        low = (int)y;
        high = low + 1;
        if (low >= _size - 1)
        {
            low = high = _size - 1;
            y = low;
        }

        fraction = y - low;
        return true;
    }
}

/// <summary>
/// The samples of one axis. Bilinear sampling on a grid is separable: all samples of a row (column) of bins collapse into a short list of
/// (input row, weight), and a bin is the sum over the product of two such lists.
/// </summary>
internal readonly unsafe struct SampleAxis : IDisposable
{
    private readonly Scratch<int> _ints;
    private readonly Scratch<float> _floats;
    private readonly int _size;

    /// <param name="bins">Bins along the axis.</param>
    /// <param name="size">Cells of the map along the axis.</param>
    public SampleAxis(int bins, int size)
    {
        // A bin never lists a cell twice when its samples advance steadily, so a bin needs at most `size` entries.
        _ints = new Scratch<int>(bins + 1 + (long)bins * (size + 1));
        _floats = new Scratch<float>((long)bins * (size + 1));
        _size = size;
        Start = _ints.Pointer;
        Index = _ints.Pointer + bins + 1;
        Weight = _floats.Pointer;
    }

    /// <summary>First entry of each bin; one more for the end.</summary>
    public int* Start { get; }

    public int* Index { get; }

    public float* Weight { get; }

    /// <summary>Fills the lists for one RoI. Samples that count as 0 contribute nothing.</summary>
    public void Build(in AxisGrid grid)
    {
        int n = 0;
        for (int p = 0; p < grid.Bins; p++)
        {
            Start[p] = n;
            (int from, int to) = grid.Range(p);
            for (int i = from; i < to; i++)
            {
                if (grid.Sample(p, i, out int low, out int high, out float fraction))
                {
                    n = Add(Start[p], n, low, 1f - fraction);
                    n = Add(Start[p], n, high, fraction);
                }
            }
        }

        Start[grid.Bins] = n;
    }

    public void Dispose()
    {
        _ints.Dispose();
        _floats.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Add(int first, int n, int index, float weight)
    {
        if (weight == 0 || (uint)index >= (uint)_size)
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
