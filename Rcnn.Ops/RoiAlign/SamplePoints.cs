using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>The samples of one RoI along one axis, each for itself: what the maximum needs, where <see cref="SampleAxis"/> adds samples up.</summary>
internal readonly unsafe struct SamplePoints : IDisposable
{
    private readonly Scratch<int> _ints;
    private readonly Scratch<float> _floats;

    public SamplePoints(in AxisGrid grid, int size)
    {
        long most = 0;
        for (int p = 0; p < grid.Bins; p++)
        {
            (int from, int to) = grid.Range(p);
            most += Math.Max(to - from, 0);
        }

        _ints = new Scratch<int>(2 * grid.Bins + 1 + most + 1 + 2 * most);
        _floats = new Scratch<float>(2 * most);
        First = _ints.Pointer;
        Outside = First + grid.Bins + 1;
        Start = Outside + grid.Bins;
        Index = Start + most + 1;
        Weight = _floats.Pointer;
        int n = 0, taps = 0;
        for (int p = 0; p < grid.Bins; p++)
        {
            First[p] = n;
            (int from, int to) = grid.Range(p);
            for (int i = from; i < to; i++)
            {
                if (!grid.Sample(p, i, out int low, out int high, out float fraction))
                {
                    continue;
                }

                Start[n++] = taps;
                taps = Add(taps, low, 1f - fraction, size);
                taps = Add(taps, high, fraction, size);
            }

            Outside[p] = n - First[p] < grid.Samples ? 1 : 0;
        }

        First[grid.Bins] = n;
        Start[n] = taps;
    }

    /// <summary>First sample of each bin; one more for the end.</summary>
    public int* First { get; }

    /// <summary>1 for a bin some of whose samples count as 0.</summary>
    public int* Outside { get; }

    /// <summary>First of the one or two cells of each sample; one more for the end.</summary>
    public int* Start { get; }

    public int* Index { get; }

    public float* Weight { get; }

    public void Dispose()
    {
        _ints.Dispose();
        _floats.Dispose();
    }

    private int Add(int at, int index, float weight, int size)
    {
        if (weight == 0 || (uint)index >= (uint)size)
        {
            return at;
        }

        (Index[at], Weight[at]) = (index, weight);
        return at + 1;
    }
}
