using Rcnn.Ops;

namespace Rcnn.Core.Data.Proposals;

/// <summary>Proposal methods by name.</summary>
public static class ProposalMethods
{
    // One line for each method.
    private static readonly Dictionary<string, Func<IProposalMethod>> Known = new()
    {
        ["sliding-windows"] = () => new SlidingWindows(),
        ["selective-search-single"] = () => new SelectiveSearchProposals("single", SelectiveSearchOptions.Single),
        ["selective-search-fast"] = () => new SelectiveSearchProposals("fast", SelectiveSearchOptions.Fast),
        ["selective-search-quality"] = () => new SelectiveSearchProposals("quality", SelectiveSearchOptions.Quality),
        ["selective-search-paper-fast"] = () => new SelectiveSearchProposals("paper-fast", SelectiveSearchOptions.PaperFast),
        ["selective-search-paper-quality"] = () => new SelectiveSearchProposals("paper-quality", SelectiveSearchOptions.PaperQuality),
    };

    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <exception cref="RcnnException">An unknown name. Exit code 2.</exception>
    public static IProposalMethod Create(string name) => Known.TryGetValue(name, out Func<IProposalMethod>? create)
        ? create()
        : throw RcnnException.Usage($"proposal method '{name}': one of {string.Join(", ", Names)} expected");
}
