namespace Rcnn.Cli.Golden;

/// <summary>How a computed output may differ from the stored one.</summary>
/// <param name="Kind">exact, allclose, rel_l2, mismatch_fraction, same_set_scores_nonincreasing, partition or statistical.</param>
/// <param name="Values">The numbers of the kind: atol and rtol; max; rand_index_min, adjusted_rand_min and segments_rel; recall05_within and mabo_within.</param>
internal sealed record GoldenTolerance(string Kind, IReadOnlyDictionary<string, double> Values)
{
    /// <summary>Kind → the numbers it needs.</summary>
    public static IReadOnlyDictionary<string, string[]> Kinds { get; } = new Dictionary<string, string[]>
    {
        ["exact"] = [],
        ["allclose"] = ["atol", "rtol"],
        ["rel_l2"] = ["max"],
        ["mismatch_fraction"] = ["max"],
        ["same_set_scores_nonincreasing"] = [],
        ["partition"] = ["rand_index_min", "adjusted_rand_min", "segments_rel"],
        ["statistical"] = ["recall05_within", "mabo_within"],
    };

    public double this[string name] => Values[name];
}

/// <summary>One output against its stored value.</summary>
/// <param name="Ratio">Worst error as a part of what is allowed: at most 1 passes; infinite where no number applies.</param>
/// <param name="Detail">For a failure: index, expected, got.</param>
internal sealed record GoldenOutcome(string Output, bool Pass, double Ratio, string Detail);
