namespace Rcnn.Ops;

/// <summary>
/// Algorithm 1 of Uijlings et al. 2013: the two most similar neighbours become one region, until no neighbours are left. Of equally similar pairs the one found first goes first: lower
/// regions at the start, older pairs later. Similarities wait in a heap; those of regions that are gone are passed over when they come up.
/// </summary>
internal sealed class HierarchicalGrouping
{
    private readonly RegionHistograms _histograms;
    private readonly Similarity _similarity;
    private readonly float _imageSize;
    private readonly RegionExtent[] _regions;
    private readonly int[] _rows;                          // of a region: its histogram, taken over from its first part
    private readonly bool[] _gone;
    private readonly int[] _seenBy;                        // the merge that last collected a region as a neighbour
    private readonly NeighbourLists _neighbours;
    private readonly PriorityQueue _queue;
    private int _count;

    private HierarchicalGrouping(RegionGraph graph, RegionHistograms histograms, Similarity similarity)
    {
        (_histograms, _similarity, _count) = (histograms, similarity, graph.Regions.Length);
        _imageSize = graph.Map.Height * graph.Map.Width;
        int capacity = (2 * _count) - 1;
        _regions = new RegionExtent[capacity];
        graph.Regions.CopyTo(_regions, 0);
        _rows = [.. Enumerable.Range(0, capacity)];
        _gone = new bool[capacity];
        _seenBy = new int[capacity];
        _neighbours = new NeighbourLists(capacity, 8 * graph.Pairs.Length);
        _queue = new PriorityQueue(4 * graph.Pairs.Length);
        foreach ((int a, int b) in graph.Pairs)
        {
            Connect(a, b);
        }
    }

    /// <summary>All regions: those of the graph, then each merged one in the order of the merges.</summary>
    /// <param name="histograms">Changed on the way; not looked at when neither colour nor texture counts.</param>
    public static RegionExtent[] Run(RegionGraph graph, RegionHistograms histograms, Similarity similarity)
    {
        var grouping = new HierarchicalGrouping(graph, histograms, similarity);
        while (grouping._queue.TryPop(out int a, out int b))
        {
            if (!grouping._gone[a] && !grouping._gone[b])
            {
                grouping.Merge(a, b);
            }
        }

        return grouping._regions[..grouping._count];
    }

    private void Merge(int a, int b)
    {
        int merged = _count++;
        _regions[merged] = _regions[a].With(_regions[b]);
        _rows[merged] = _rows[a];
        if ((_similarity & (Similarity.Colour | Similarity.Texture)) != 0)
        {
            _histograms.Merge(_rows[a], _regions[a].Size, _rows[b], _regions[b].Size);
        }

        (_gone[a], _gone[b]) = (true, true);
        ConnectTo(merged, a);
        ConnectTo(merged, b);
    }

    private void ConnectTo(int merged, int part)
    {
        for (int link = _neighbours.First(part); link >= 0; link = _neighbours.Next(link))
        {
            int other = _neighbours.Region(link);
            if (!_gone[other] && _seenBy[other] != merged)
            {
                _seenBy[other] = merged;
                Connect(merged, other);
            }
        }
    }

    private void Connect(int a, int b)
    {
        _neighbours.Add(a, b);
        _neighbours.Add(b, a);
        _queue.Push(Of(a, b), a, b);
    }

    private float Of(int a, int b)
    {
        float sum = 0;
        int parts = 0;
        if ((_similarity & Similarity.Colour) != 0)
        {
            (sum, parts) = (sum + _histograms.ColourOverlap(_rows[a], _rows[b]), parts + 1);
        }

        if ((_similarity & Similarity.Texture) != 0)
        {
            (sum, parts) = (sum + _histograms.TextureOverlap(_rows[a], _rows[b]), parts + 1);
        }

        int size = _regions[a].Size + _regions[b].Size;
        if ((_similarity & Similarity.Size) != 0)
        {
            (sum, parts) = (sum + (1 - (size / _imageSize)), parts + 1);
        }

        if ((_similarity & Similarity.Fill) != 0)
        {
            (sum, parts) = (sum + Math.Clamp(1 - ((_regions[a].With(_regions[b]).BoxArea - size) / _imageSize), 0, 1), parts + 1);
        }

        return sum / parts;
    }

    /// <summary>Neighbours of each region as linked lists in two growing arrays; the ones added last come first.</summary>
    private sealed class NeighbourLists(int regions, int capacity)
    {
        private readonly int[] _first = [.. Enumerable.Repeat(-1, regions)];
        private (int Region, int Next)[] _links = new (int, int)[Math.Max(capacity, 1)];
        private int _count;

        public int First(int region) => _first[region];

        public int Next(int link) => _links[link].Next;

        public int Region(int link) => _links[link].Region;

        public void Add(int region, int neighbour)
        {
            if (_count == _links.Length)
            {
                Array.Resize(ref _links, 2 * _count);
            }

            _links[_count] = (neighbour, _first[region]);
            _first[region] = _count++;
        }
    }

    /// <summary>A binary heap of pairs, the most similar on top; of equal ones the one pushed first.</summary>
    private sealed class PriorityQueue(int capacity)
    {
        private (int A, int B)[] _pairs = new (int, int)[Math.Max(capacity, 1)];
        private ulong[] _heap = new ulong[Math.Max(capacity, 1)];
        private int _pushed, _count;

        public void Push(float similarity, int a, int b)
        {
            if (_pushed == _pairs.Length)
            {
                Array.Resize(ref _pairs, 2 * _pushed);
                Array.Resize(ref _heap, 2 * _pushed);
            }

            _pairs[_pushed] = (a, b);

            // Similarities are not negative, so their bits order like they do.
            ulong key = ((ulong)BitConverter.SingleToUInt32Bits(similarity) << 32) | (uint)~_pushed++;
            int i = _count++;
            while (i > 0 && _heap[(i - 1) / 2] < key)
            {
                _heap[i] = _heap[(i - 1) / 2];
                i = (i - 1) / 2;
            }

            _heap[i] = key;
        }

        public bool TryPop(out int a, out int b)
        {
            if (_count == 0)
            {
                (a, b) = (0, 0);
                return false;
            }

            (a, b) = _pairs[(int)~(uint)_heap[0]];
            ulong key = _heap[--_count];
            int i = 0;
            for (int child = 1; child < _count; child = (2 * i) + 1)
            {
                if (child + 1 < _count && _heap[child + 1] > _heap[child])
                {
                    child++;
                }

                if (_heap[child] <= key)
                {
                    break;
                }

                _heap[i] = _heap[child];
                i = child;
            }

            _heap[i] = key;
            return true;
        }
    }
}
