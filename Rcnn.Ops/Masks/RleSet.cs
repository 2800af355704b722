namespace Rcnn.Ops;

/// <summary>
/// Masks of one size, unpacked for many comparisons: for each the begin and end of every run of 1, in pooled memory, and the rows it spans. Runs are laid side by side only where rows
/// and columns overlap. Dispose once; not for several threads at a time.
/// </summary>
public sealed class RleSet : IDisposable
{
    private readonly RunBuffer _spans = new(), _runs = new();
    private readonly List<Item> _items = [];
    private int _height, _width;

    /// <summary>How many masks there are.</summary>
    public int Count => _items.Count;

    /// <summary>Takes another mask in; its number is how many there were before.</summary>
    /// <exception cref="ArgumentException">Another size than the first one's.</exception>
    public void Add(Rle mask)
    {
        ArgumentNullException.ThrowIfNull(mask);
        if (Count == 0)
        {
            (_height, _width) = (mask.Height, mask.Width);
        }

        if (mask.Height != _height || mask.Width != _width)
        {
            throw new ArgumentException($"a mask of {_height}×{_width} expected, got {mask.Height}×{mask.Width}", nameof(mask));
        }

        _runs.Clear();
        mask.Decode(_runs);
        ReadOnlySpan<uint> runs = _runs.Span;
        int start = _spans.Count, count = 0;
        Span<uint> free = _spans.Reserve(runs.Length);
        uint at = 0, column = 0, rows = (uint)_height, top = uint.MaxValue, bottom = 0;
        for (int i = 1; i < runs.Length; i += 2)
        {
            at += runs[i - 1];
            uint end = at + runs[i];
            if (end > at)
            {
                column = RleCodec.Column(at, rows, column);
                uint first = at - (column * rows), last = first + (end - at);
                (top, bottom) = last > rows ? (0, rows) : (Math.Min(top, first), Math.Max(bottom, last));
                (free[count], free[count + 1]) = (at, end);
                count += 2;
            }

            at = end;
        }

        _spans.Advance(count);
        _items.Add(new Item(start, count, top, bottom, mask.Area));
    }

    /// <summary>Forgets all masks, keeps the memory; the next one sets the size.</summary>
    public void Clear()
    {
        _spans.Clear();
        _items.Clear();
    }

    /// <summary>Intersection over union, float64; over the area of <paramref name="detection"/> alone when <paramref name="truth"/> is a crowd.</summary>
    public double Iou(int detection, int truth, bool crowd)
    {
        (Item d, Item g) = (_items[detection], _items[truth]);
        if (d.Count == 0 || g.Count == 0 || d.Top >= g.Bottom || g.Top >= d.Bottom)
        {
            return 0;
        }

        long common = Common(_spans.Span.Slice(d.Start, d.Count), _spans.Span.Slice(g.Start, g.Count));
        return common == 0 ? 0 : (double)common / (crowd ? d.Area : d.Area + g.Area - common);
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        _spans.Dispose();
        _runs.Dispose();
    }

    // Pixels in both of two rising lists of (begin, end).
    private static long Common(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        if (a[0] >= b[^1] || b[0] >= a[^1])
        {
            return 0;
        }

        long common = 0;
        int i = 0, j = 0;
        while (i < a.Length && j < b.Length)
        {
            uint begin = Math.Max(a[i], b[j]), end = Math.Min(a[i + 1], b[j + 1]);
            common += end > begin ? end - begin : 0;
            bool ahead = a[i + 1] <= b[j + 1];
            i += ahead ? 2 : 0;
            j += ahead ? 0 : 2;
        }

        return common;
    }

    private readonly record struct Item(int Start, int Count, uint Top, uint Bottom, long Area);
}
