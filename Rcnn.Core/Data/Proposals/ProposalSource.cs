namespace Rcnn.Core.Data.Proposals;

/// <summary>Proposals of images: from a cache where it has them, else computed and added to it. Safe to use from several threads.</summary>
public sealed class ProposalSource : IDisposable
{
    private readonly IProposalMethod? _method;
    private readonly ProposalCache? _cache;
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

    /// <summary>Proposals in pixels of <paramref name="image"/>.</summary>
    /// <param name="name">The image's name, for messages.</param>
    /// <exception cref="RcnnException">The cache does not have the image and no method is there to compute it.</exception>
    public Box[] Of(RgbImage image, string name)
    {
        Box[]? boxes = _cache?.Find(image);
        if (boxes is null)
        {
            boxes = (_method ?? throw new RcnnException($"{_cache!.File}: no proposals of {name}; add them with ./rcnn proposals --out {_cache.File}")).Propose(image);
            _cache?.Add(image, boxes);
        }

        return boxes.Length <= _limit ? boxes : boxes[.._limit];
    }

    public void Dispose() => _cache?.Dispose();
}
