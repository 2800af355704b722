using Rcnn.Ops;

namespace Rcnn.Core.Data.Proposals;

/// <summary>Proposal methods by name.</summary>
public static class ProposalMethods
{
    private const string Windows = "sliding-windows", Search = "selective-search-";

    // One line for each mode of Selective Search.
    private static readonly Dictionary<string, SelectiveSearchOptions> Modes = new()
    {
        ["single"] = SelectiveSearchOptions.Single,
        ["fast"] = SelectiveSearchOptions.Fast,
        ["quality"] = SelectiveSearchOptions.Quality,
        ["paper-fast"] = SelectiveSearchOptions.PaperFast,
        ["paper-quality"] = SelectiveSearchOptions.PaperQuality,
    };

    public static IReadOnlyCollection<string> Names { get; } = [Windows, .. Modes.Keys.Select(m => Search + m)];

    /// <summary>Every method with its constants, a line each. Those of Selective Search without paper- are OpenCV's, the others those of Uijlings et al. 2013 and of R-CNN.</summary>
    public static IReadOnlyList<string> Descriptions { get; } =
    [
        $"{Windows}: windows of three shapes and five sizes on a grid",
        .. Modes.Select(m => $"{Search}{m.Key}: {SelectiveSearchConfig.Describe(m.Value)}"),
    ];

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="search">Constants of Selective Search other than the mode's; null has none.</param>
    /// <exception cref="RcnnException">An unknown name, or constants that the method does not have. Exit code 2.</exception>
    public static IProposalMethod Create(string name, SelectiveSearchConfig? search = null)
    {
        search ??= new SelectiveSearchConfig();
        if (name == Windows)
        {
            return search.IsDefault
                ? new SlidingWindows()
                : throw RcnnException.Usage($"data.proposals.selectiveSearch:{search.Suffix()}: nothing expected with the method {name}");
        }

        return name.StartsWith(Search, StringComparison.Ordinal) && Modes.TryGetValue(name[Search.Length..], out SelectiveSearchOptions? mode)
            ? new SelectiveSearchProposals(name[Search.Length..] + search.Suffix(), search.Apply(mode))
            : throw RcnnException.Usage($"proposal method '{name}': one of {string.Join(", ", Names)} expected");
    }
}
