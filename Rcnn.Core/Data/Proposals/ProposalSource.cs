namespace Rcnn.Core.Data.Proposals;

/// <summary>Proposals of images: from a list; or from a cache where it has them, else computed and added to it. Safe to use from several threads.</summary>
public sealed class ProposalSource : IDisposable
{
    private readonly IProposalMethod? _method;
    private readonly ProposalCache? _cache;
    private readonly ProposalList? _list;
    private readonly int _limit;

    /// <param name="method">Computes what the cache lacks; null makes a missing image an error.</param>
    /// <param name="cache">Keeps what is computed; null computes every time. Disposed with this object.</param>
    /// <param name="limit">At most this many, the first ones.</param>
    public ProposalSource(IProposalMethod? method, ProposalCache? cache, int limit)
    {
        if (method is null && cache is null)
        {
            throw new ArgumentException("a method, a cache or both expected");
        }

        (_method, _cache, _limit) = (method, cache, limit);
    }

    /// <param name="list">Proposals of another program.</param>
    /// <param name="limit">At most this many, the first ones.</param>
    public ProposalSource(ProposalList list, int limit) => (_list, _limit) = (list, limit);

    /// <summary>Proposals in pixels of <paramref name="image"/>.</summary>
    /// <param name="image">The image as it is looked at, which may have been shrunk.</param>
    /// <param name="stored">The same image as stored: what a list finds it by, and its size; otherwise for messages alone.</param>
    /// <exception cref="RcnnException">The list, or the cache without a method to compute them, does not have the image.</exception>
    public Box[] Of(RgbImage image, ProposalImage stored)
    {
        Box[]? boxes = _list?.Of(stored, new ImageSize(image.Height, image.Width)) ?? _cache?.Find(image);
        if (boxes is null)
        {
            boxes = (_method ?? throw new RcnnException($"{_cache!.File}: no proposals of {stored.FileName}; add them with ./rcnn proposals --out {_cache.File}")).Propose(image);
            _cache?.Add(image, boxes);
        }

        return boxes.Length <= _limit ? boxes : boxes[.._limit];
    }

    public void Dispose() => _cache?.Dispose();
}
