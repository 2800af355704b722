using System.Buffers;

namespace Rcnn.Ops;

/// <summary>A growing list of run lengths in pooled memory. Dispose once.</summary>
internal sealed class RunBuffer : IDisposable
{
    private uint[] _runs = ArrayPool<uint>.Shared.Rent(256);

    public int Count { get; private set; }

    public Span<uint> Span => _runs.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(uint run)
    {
        if (Count == _runs.Length)
        {
            Reserve(1);
        }

        _runs[Count++] = run;
    }

    /// <summary>Room for <paramref name="count"/> more, to be filled before <see cref="Advance"/>.</summary>
    public Span<uint> Reserve(int count)
    {
        if (_runs.Length - Count < count)
        {
            uint[] larger = ArrayPool<uint>.Shared.Rent(Math.Max(checked(Count + count), (int)Math.Min(2L * _runs.Length, Array.MaxLength)));
            Span.CopyTo(larger);
            ArrayPool<uint>.Shared.Return(_runs);
            _runs = larger;
        }

        return _runs.AsSpan(Count, count);
    }

    public void Advance(int count) => Count += count;

    /// <summary>Forgets everything behind the first <paramref name="count"/>.</summary>
    public void Shorten(int count) => Count = count;

    public void Dispose()
    {
        ArrayPool<uint>.Shared.Return(_runs);
        _runs = [];
        Count = 0;
    }
}
