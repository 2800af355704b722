using System.Runtime.CompilerServices;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>Disjoint sets of pixels (Tarjan 1975): union by size, path halving. A node holds its parent, a root minus its size. Dispose once.</summary>
internal readonly unsafe struct RegionForest : IDisposable
{
    private readonly int _count;
    private readonly Scratch<int> _nodes;

    /// <summary>Every pixel is a set of its own.</summary>
    public RegionForest(int count)
    {
        _count = count;
        _nodes = new Scratch<int>(count);
        new Span<int>(_nodes.Pointer, count).Fill(-1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Root(int i)
    {
        int* nodes = _nodes.Pointer;
        int parent = nodes[i];
        while (parent >= 0)
        {
            int above = nodes[parent];
            if (above < 0)
            {
                return parent;
            }

            nodes[i] = above;
            i = above;
            parent = nodes[i];
        }

        return i;
    }

    /// <summary>Pixels below a root.</summary>
    public int Size(int root) => -_nodes.Pointer[root];

    /// <summary>Joins two roots; the larger one stays root, the first when they are equal.</summary>
    public int Join(int a, int b)
    {
        int* nodes = _nodes.Pointer;
        if (nodes[a] > nodes[b])
        {
            (a, b) = (b, a);
        }

        nodes[a] += nodes[b];
        nodes[b] = a;
        return a;
    }

    /// <summary>Numbers the sets in raster order.</summary>
    public RegionMap Label(int height, int width)
    {
        var labels = new int[_count];
        using var numbers = new Scratch<int>(_count);
        new Span<int>(numbers.Pointer, _count).Fill(-1);
        int next = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            int root = Root(i);
            if (numbers.Pointer[root] < 0)
            {
                numbers.Pointer[root] = next++;
            }

            labels[i] = numbers.Pointer[root];
        }

        return new RegionMap(height, width, next, labels);
    }

    public void Dispose() => _nodes.Dispose();
}
