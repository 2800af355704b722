namespace Rcnn.Core.Data.Proposals;

/// <summary>Proposal methods by name.</summary>
public static class ProposalMethods
{
    // One line for each method.
    private static readonly Dictionary<string, Func<IProposalMethod>> Known = new()
    {
        ["sliding-windows"] = () => new SlidingWindows(),
    };

    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <exception cref="RcnnException">An unknown name. Exit code 2.</exception>
    public static IProposalMethod Create(string name) => Known.TryGetValue(name, out Func<IProposalMethod>? create)
        ? create()
        : throw RcnnException.Usage($"proposal method '{name}': one of {string.Join(", ", Names)} expected");
}
