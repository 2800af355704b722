using System.Globalization;
using Rcnn.Ops;

namespace Rcnn.Core.Data.Proposals;

/// <summary>Constants of Selective Search that differ from those of the method's mode; null keeps the mode's. All of them are part of the name under which proposals are kept.</summary>
public sealed record SelectiveSearchConfig
{
    /// <summary>σ of the Gaussian before the segmentation, pixels.</summary>
    public double? Sigma { get; init; }

    /// <summary>k of the segmentation, a hierarchy for each.</summary>
    public double[]? Scales { get; init; }

    /// <summary>Smallest region of the segmentation, pixels; 0 takes k of the scale, as the paper's code does.</summary>
    public int? MinSize { get; init; }

    /// <summary>Boxes with a shorter side are left out, pixels.</summary>
    public int? MinSide { get; init; }

    /// <summary>Channels to segment and compare, a hierarchy for each: hsv, lab, rgb, intensity, hue, blue, redGreenIntensity, normalisedRgIntensity.</summary>
    public string[]? ColourSpaces { get; init; }

    /// <summary>What makes regions alike, a hierarchy for each: sums such as colour+texture+size+fill.</summary>
    public string[]? Similarities { get; init; }

    /// <summary>Pixels that the segmentation joins: four or eight.</summary>
    public string? Neighbourhood { get; init; }

    /// <summary>Seed of the random order.</summary>
    public long? Seed { get; init; }

    /// <summary>Whether every constant is the mode's.</summary>
    internal bool IsDefault => Suffix().Length == 0;

    /// <summary>The mode with what is set here.</summary>
    /// <exception cref="RcnnException">A name that there is not; names setting and value. Exit code 2.</exception>
    internal SelectiveSearchOptions Apply(SelectiveSearchOptions mode) => mode with
    {
        Sigma = Sigma ?? mode.Sigma,
        Scales = Scales ?? mode.Scales,
        MinSize = MinSize is { } size ? size == 0 ? null : size : mode.MinSize,
        MinSide = MinSide ?? mode.MinSide,
        ColourSpaces = ColourSpaces is null ? mode.ColourSpaces : [.. Some("colourSpaces", ColourSpaces).Select(s => Named<ColourSpace>("colourSpaces", s))],
        Similarities = Similarities is null ? mode.Similarities : [.. Some("similarities", Similarities).Select(s => s.Split('+').Aggregate((Similarity)0, (sum, part) => sum | Named<Similarity>("similarities", part)))],
        Neighbourhood = Neighbourhood is null ? mode.Neighbourhood : Named<PixelNeighbourhood>("neighbourhood", Neighbourhood),
        Seed = Seed ?? mode.Seed,
    };

    /// <summary>What is set, for the method's name; empty where nothing is.</summary>
    internal string Suffix()
    {
        (string Name, string? Value)[] parts =
        [
            ("sigma", Sigma?.ToString("R", CultureInfo.InvariantCulture)),
            ("scales", Scales is null ? null : string.Join(',', Scales.Select(k => k.ToString("R", CultureInfo.InvariantCulture)))),
            ("minSize", MinSize?.ToString(CultureInfo.InvariantCulture)),
            ("minSide", MinSide?.ToString(CultureInfo.InvariantCulture)),
            ("colourSpaces", ColourSpaces is null ? null : string.Join(',', ColourSpaces)),
            ("similarities", Similarities is null ? null : string.Join(',', Similarities)),
            ("neighbourhood", Neighbourhood),
            ("seed", Seed?.ToString(CultureInfo.InvariantCulture)),
        ];
        return string.Concat(parts.Where(p => p.Value is not null).Select(p => $" {p.Name}={p.Value}"));
    }

    /// <summary>A mode's constants in words.</summary>
    internal static string Describe(SelectiveSearchOptions mode) => string.Create(CultureInfo.InvariantCulture,
        $"{string.Join(", ", mode.ColourSpaces.Select(s => Camel(s.ToString())))}; k {string.Join(", ", mode.Scales)}; σ {mode.Sigma}; regions of {(mode.MinSize is { } size ? size.ToString(CultureInfo.InvariantCulture) : "k")} pixels or more; "
        + $"box sides of {mode.MinSide} or more; {string.Join(", ", mode.Similarities.Select(Sum))}; {mode.Neighbourhood.ToString().ToLowerInvariant()} neighbours");

    private static string Sum(Similarity similarity) =>
        string.Join('+', new[] { Similarity.Colour, Similarity.Texture, Similarity.Size, Similarity.Fill }.Where(s => similarity.HasFlag(s)).Select(s => s.ToString().ToLowerInvariant()));

    private static T Named<T>(string setting, string name)
        where T : struct, Enum
    {
        string? known = Array.Find(Enum.GetNames<T>(), n => Camel(n) == name);
        return known is null
            ? throw RcnnException.Usage($"data.proposals.selectiveSearch.{setting}={name}: expected {string.Join(", ", Enum.GetNames<T>().Select(Camel))}")
            : Enum.Parse<T>(known);
    }

    private static string[] Some(string setting, string[] names) => names.Length > 0
        ? names
        : throw RcnnException.Usage($"data.proposals.selectiveSearch.{setting}=[]: expected one or more");

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
