using Rcnn.Core.Data.Proposals;

namespace Rcnn.Core.Training;

/// <summary>The proposal source that a configuration asks for.</summary>
public static class ProposalSources
{
    /// <summary>The cache of a run that names none.</summary>
    public const string RunFile = "proposals.cache";

    /// <summary>Opens it, or gives null when the configuration has no proposals from outside. Several processes may have the file at once.</summary>
    /// <param name="runFolder">Where the cache lies when the configuration names a method but no file; null computes without a cache.</param>
    /// <exception cref="RcnnException">An unknown method, or a file that is not one of proposals, of another method; a list together with a method.</exception>
    public static ProposalSource? Open(ProposalConfig config, string? runFolder)
    {
        if (config.File is { } list && ProposalListReader.Recognises(list))
        {
            return config.Method is null
                ? new ProposalSource(ProposalListReader.Read(list), config.Limit)
                : throw RcnnException.Usage($"data.proposals.method={config.Method}: null expected, as data.proposals.file is a list of proposals: {list}");
        }

        IProposalMethod? method = config.Method is null ? null : ProposalMethods.Create(config.Method, config.SelectiveSearch);
        string? file = config.File ?? (method is null || runFolder is null ? null : Path.Combine(runFolder, RunFile));
        return file is null && method is null
            ? null
            : new ProposalSource(method, file is null ? null : ProposalCache.Open(file, method?.Name), config.Limit);
    }
}
