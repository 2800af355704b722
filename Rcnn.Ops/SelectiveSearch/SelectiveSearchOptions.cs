namespace Rcnn.Ops;

/// <summary>
/// How Selective Search diversifies: a hierarchy for each colour space × scale × similarity. <see cref="Single"/>, <see cref="Fast"/> and <see cref="Quality"/> are those of OpenCV 4.6,
/// <see cref="PaperFast"/> and <see cref="PaperQuality"/> those of Uijlings et al. 2013 and of R-CNN.
/// </summary>
public sealed record SelectiveSearchOptions
{
    /// <summary>One hierarchy: HSV, k = 200, all similarities.</summary>
    public static SelectiveSearchOptions Single { get; } = new();

    /// <summary>12 hierarchies: HSV and Lab; k = 150, 300, 450; with and without colour.</summary>
    public static SelectiveSearchOptions Fast { get; } = new()
    {
        ColourSpaces = [ColourSpace.Hsv, ColourSpace.Lab],
        Scales = [150, 300, 450],
        Similarities = [Similarity.All, Similarity.All & ~Similarity.Colour],
    };

    /// <summary>100 hierarchies: HSV, Lab, intensity, blue, red-green-intensity; k = 150, 300 … 750; with and without colour, fill alone, size alone.</summary>
    public static SelectiveSearchOptions Quality { get; } = new()
    {
        ColourSpaces = [ColourSpace.Hsv, ColourSpace.Lab, ColourSpace.Intensity, ColourSpace.Blue, ColourSpace.RedGreenIntensity],
        Scales = [150, 300, 450, 600, 750],
        Similarities = [Similarity.All, Similarity.All & ~Similarity.Colour, Similarity.Fill, Similarity.Size],
    };

    /// <summary>8 hierarchies: HSV and Lab; k = 50, 100 with components of at least k pixels; with and without colour. Boxes of at least 20 pixels on images 500 wide.</summary>
    public static SelectiveSearchOptions PaperFast { get; } = new()
    {
        ColourSpaces = [ColourSpace.Hsv, ColourSpace.Lab],
        Scales = [50, 100],
        MinSize = null,
        MinSide = 20,
        Similarities = [Similarity.All, Similarity.All & ~Similarity.Colour],
        Neighbourhood = PixelNeighbourhood.Eight,
    };

    /// <summary>80 hierarchies: HSV, Lab, normalised rg and intensity, hue, intensity; k = 50, 100, 150, 300; four similarities.</summary>
    public static SelectiveSearchOptions PaperQuality { get; } = PaperFast with
    {
        ColourSpaces = [ColourSpace.Hsv, ColourSpace.Lab, ColourSpace.NormalisedRgIntensity, ColourSpace.Hue, ColourSpace.Intensity],
        Scales = [50, 100, 150, 300],
        Similarities = [Similarity.All, Similarity.All & ~Similarity.Colour, Similarity.Fill, Similarity.Size],
    };

    /// <summary>Channels to segment and compare; at least one.</summary>
    public IReadOnlyList<ColourSpace> ColourSpaces { get; init; } = [ColourSpace.Hsv];

    /// <summary>k of the segmentation, in grey levels, ≥ 0; at least one.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [200];

    /// <summary>What makes regions alike; at least one, none of them empty.</summary>
    public IReadOnlyList<Similarity> Similarities { get; init; } = [Similarity.All];

    /// <summary>σ of the Gaussian before the segmentation, in pixels, ≥ 0.</summary>
    public double Sigma { get; init; } = 0.8;

    /// <summary>Smallest region of the segmentation in pixels; null: k of the scale.</summary>
    public int? MinSize { get; init; } = 100;

    /// <summary>Boxes with a shorter side, in pixels, are left out.</summary>
    public int MinSide { get; init; } = 1;

    /// <summary>Edges of the image graph.</summary>
    public PixelNeighbourhood Neighbourhood { get; init; } = PixelNeighbourhood.Four;

    /// <summary>Seed of the random order.</summary>
    public long Seed { get; init; }

    internal void Check()
    {
        Some(ColourSpaces, nameof(ColourSpaces));
        Some(Scales, nameof(Scales));
        Some(Similarities, nameof(Similarities));
        foreach (double k in Scales)
        {
            GraphSegmentation.Level(k, nameof(Scales));
        }

        foreach (Similarity s in Similarities)
        {
            if (s == 0 || (s & ~Similarity.All) != 0)
            {
                throw new ArgumentException($"{nameof(Similarities)}: any of colour, texture, size and fill expected, got {s}");
            }
        }

        GraphSegmentation.Level(Sigma, nameof(Sigma));
    }

    private static void Some<T>(IReadOnlyList<T> items, string name)
    {
        if (items.Count == 0)
        {
            throw new ArgumentException($"{name}: at least one expected, got none");
        }
    }
}
