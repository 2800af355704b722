using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>A region while it grows: pixels and the half-open box around them.</summary>
internal readonly record struct RegionExtent(int Size, int X1, int Y1, int X2, int Y2)
{
    public int BoxArea => (X2 - X1) * (Y2 - Y1);

    public RegionExtent With(in RegionExtent other) =>
        new(Size + other.Size, Math.Min(X1, other.X1), Math.Min(Y1, other.Y1), Math.Max(X2, other.X2), Math.Max(Y2, other.Y2));
}

/// <summary>
/// The regions of a map and who touches whom. A pixel touches the left, the upper and the upper left one, as in OpenCV; with one diagonal the pixel grid is a planar
/// graph, so n regions have fewer than 3n neighbouring pairs.
/// </summary>
internal sealed class RegionGraph
{
    public RegionGraph(RegionMap map)
    {
        Map = map;
        Regions = new RegionExtent[map.Count];
        Array.Fill(Regions, new RegionExtent(0, int.MaxValue, int.MaxValue, 0, 0));
        var pairs = new PairSet(map.Count);
        ReadOnlySpan<int> labels = map.Labels;
        for (int y = 0, i = 0; y < map.Height; y++)
        {
            for (int x = 0; x < map.Width;)
            {
                // A run of one label: its pixels count together, only changes above it are looked at.
                int start = x, label = labels[i];
                if (x > 0)
                {
                    pairs.Add(label, labels[i - 1]);
                }

                if (x > 0 && y > 0)
                {
                    pairs.Add(label, labels[i - map.Width - 1]);
                }

                do
                {
                    if (y > 0)
                    {
                        pairs.Add(label, labels[i - map.Width]);
                    }

                    (x, i) = (x + 1, i + 1);
                }
                while (x < map.Width && labels[i] == label);
                Regions[label] = Regions[label].With(new RegionExtent(x - start, start, y, x, y + 1));
            }
        }

        Pairs = pairs.Sorted();
    }

    public RegionMap Map { get; }

    public RegionExtent[] Regions { get; }

    /// <summary>Neighbouring regions a &lt; b, by a, then b.</summary>
    public (int A, int B)[] Pairs { get; }

    /// <summary>Unordered pairs of different numbers: open addressing, at most half full by the planar bound.</summary>
    private sealed class PairSet
    {
        private readonly ulong[] _slots;
        private readonly int _shift;
        private ulong _last;
        private int _count;

        public PairSet(int regions)
        {
            int bits = 3 + (int)Math.Ceiling(Math.Log2(Math.Max(regions, 2)));
            (_slots, _shift) = (new ulong[1 << bits], 64 - bits);
        }

        public void Add(int a, int b)
        {
            if (a == b)
            {
                return;
            }

            ulong pair = a < b ? ((ulong)a << 32) | (uint)b : ((ulong)b << 32) | (uint)a;   // never 0: b > 0
            if (pair == _last)
            {
                return;
            }

            _last = pair;
            int slot = (int)((pair * 0x9E3779B97F4A7C15) >> _shift);
            while (_slots[slot] != 0)
            {
                if (_slots[slot] == pair)
                {
                    return;
                }

                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = pair;
            _count++;
        }

        public (int A, int B)[] Sorted()
        {
            var pairs = new ulong[_count];
            int next = 0;
            foreach (ulong pair in _slots)
            {
                if (pair != 0)
                {
                    pairs[next++] = pair;
                }
            }

            Array.Sort(pairs);
            return Array.ConvertAll(pairs, p => ((int)(p >> 32), (int)p));
        }
    }
}
