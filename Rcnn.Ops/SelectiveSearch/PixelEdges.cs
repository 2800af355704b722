using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// The edges of an image graph by ascending weight, the Euclidean distance of the smoothed pixels. Sorted once, they serve every k. An edge is one 64-bit word: the bits of
/// its squared weight above 4·pixel + direction. Dispose once.
/// </summary>
internal sealed unsafe class PixelEdges : IDisposable
{
    private const int Directions = 4;
    private readonly int _height, _width, _count;
    private readonly Scratch<ulong> _edges;

    public PixelEdges(IReadOnlyList<SmoothPlane> planes, PixelNeighbourhood neighbourhood)
    {
        (_height, _width) = (planes[0].Height, planes[0].Width);
        int directions = neighbourhood == PixelNeighbourhood.Four ? 2 : Directions;
        long capacity = (long)directions * _height * _width;
        using var unsorted = new Scratch<ulong>(capacity);
        using var weights = new Scratch<float>(_width);
        int count = 0;
        for (int y = 0; y < _height; y++)
        {
            for (int d = 0; d < directions; d++)
            {
                (int dx, int dy) = Step(d);
                int first = dx < 0 ? 1 : 0, last = _width - (dx > 0 ? 1 : 0);
                if (y + dy < _height && last > first)
                {
                    Distances(planes, (y * _width) + first, (dy * _width) + dx, last - first, weights.Pointer);
                    count = Pack(weights.Pointer, last - first, Directions * ((y * _width) + first) + d, unsorted.Pointer, count);
                }
            }
        }

        _count = count;
        _edges = new Scratch<ulong>(capacity);
        RadixSort.ByUpperWord(unsorted.Pointer, _edges.Pointer, count);
    }

    public void Dispose() => _edges.Dispose();

    /// <summary>Joins components along the edges; the public definition says how.</summary>
    public RegionMap Segment(float k, int minSize)
    {
        int pixels = _height * _width;
        using var forest = new RegionForest(pixels);
        using var thresholds = new Scratch<float>(pixels);
        using var refused = new Scratch<long>(_count);
        new Span<float>(thresholds.Pointer, pixels).Fill(k);
        int refusals = Join(forest, thresholds.Pointer, refused.Pointer, k);
        for (int i = 0; i < refusals; i++)
        {
            int a = forest.Root((int)(refused.Pointer[i] >> 32)), b = forest.Root((int)refused.Pointer[i]);
            if (a != b && (forest.Size(a) < minSize || forest.Size(b) < minSize))
            {
                forest.Join(a, b);
            }
        }

        return forest.Label(_height, _width);
    }

    private int Join(RegionForest forest, float* thresholds, long* refused, float k)
    {
        int* steps = stackalloc int[Directions];
        for (int d = 0; d < Directions; d++)
        {
            (int dx, int dy) = Step(d);
            steps[d] = (dy * _width) + dx;
        }

        int refusals = 0;
        ulong* edges = _edges.Pointer;
        for (int i = 0; i < _count; i++)
        {
            uint id = (uint)edges[i];
            int from = (int)(id / Directions), to = from + steps[id % Directions];
            int a = forest.Root(from), b = forest.Root(to);
            if (a == b)
            {
                continue;
            }

            float weight = MathF.Sqrt(BitConverter.UInt32BitsToSingle((uint)(edges[i] >> 32)));
            if (weight <= thresholds[a] && weight <= thresholds[b])
            {
                int root = forest.Join(a, b);
                thresholds[root] = weight + (k / forest.Size(root));
            }
            else
            {
                refused[refusals++] = ((long)from << 32) | (uint)to;
            }
        }

        return refusals;
    }

    private static (int X, int Y) Step(int direction) => direction switch
    {
        0 => (1, 0),
        1 => (0, 1),
        2 => (1, 1),
        _ => (-1, 1),
    };

    private static int Pack(float* weights, int count, int id, ulong* edges, int at)
    {
        for (int x = 0; x < count; x++, id += Directions)
        {
            edges[at++] = ((ulong)BitConverter.SingleToUInt32Bits(weights[x]) << 32) | (uint)id;
        }

        return at;
    }

    private static void Distances(IReadOnlyList<SmoothPlane> planes, int at, int step, int count, float* target)
    {
        for (int c = 0; c < planes.Count; c++)
        {
            float* from = planes[c].Pointer + at, to = from + step;
            int x = 0;
            if (Vector512.IsHardwareAccelerated)
            {
                x = Add<Lanes512, Vector512<float>>(from, to, target, x, count, c == 0);
            }

            if (Vector256.IsHardwareAccelerated)
            {
                x = Add<Lanes256, Vector256<float>>(from, to, target, x, count, c == 0);
            }

            if (Vector128.IsHardwareAccelerated)
            {
                x = Add<Lanes128, Vector128<float>>(from, to, target, x, count, c == 0);
            }

            Add<Lanes1, float>(from, to, target, x, count, c == 0);
        }
    }

    private static int Add<TLanes, TVector>(float* from, float* to, float* target, int x, int count, bool first)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        for (; x <= count - TLanes.Count; x += TLanes.Count)
        {
            TVector d = TLanes.Subtract(TLanes.Load(from + x), TLanes.Load(to + x));
            TVector sum = first ? TLanes.Create(0) : TLanes.Load(target + x);
            TLanes.Store(TLanes.MultiplyAdd(d, d, sum), target + x);
        }

        return x;
    }
}
