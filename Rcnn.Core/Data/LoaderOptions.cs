using Rcnn.Core.Data.Augment;
using Rcnn.Core.Data.Proposals;

namespace Rcnn.Core.Data;

/// <summary>How a <see cref="BatchLoader"/> reads. Workers, prefetch and cache change the speed, never the batches.</summary>
public sealed record LoaderOptions
{
    /// <summary>Images in a batch, 1 or more.</summary>
    public int BatchSize { get; init; } = 4;

    /// <summary>A new order in each epoch; false keeps the dataset's.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Order and augmentation are functions of this, the epoch and the index.</summary>
    public long Seed { get; init; }

    /// <summary>Probability of a horizontal flip, 0 … 1.</summary>
    public double FlipProbability { get; init; }

    /// <summary>Strength of random brightness, contrast and colour, 0 (none) to below 1; see <see cref="Data.ColourJitter"/>.</summary>
    public double ColourJitter { get; init; }

    /// <summary>Strength of random saturation, 0 (none) to 1; see <see cref="SaturationHueJitter"/>.</summary>
    public double SaturationJitter { get; init; }

    /// <summary>Random turn of the hue by up to this part of the circle, 0 (none) to 0.5.</summary>
    public double HueJitter { get; init; }

    /// <summary>Mixing, cropping and placing of images; see <see cref="AugmentOptions"/>.</summary>
    public AugmentOptions Augment { get; init; } = new();

    /// <summary>Regions from outside for models that do not propose their own; null gives none.</summary>
    public ProposalSource? Proposals { get; init; }

    /// <summary>Images whose longer side is above this many pixels are shrunk to it by area averaging, their boxes with them; 0 keeps every size.</summary>
    public int MaxSide { get; init; }

    /// <summary>Bytes of decoded images kept in memory; 0 decodes again in every epoch.</summary>
    public long CacheBytes { get; init; }

    /// <summary>Images prepared at the same time; 0 prepares them in the calling thread.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Batches prepared ahead, 1 or more.</summary>
    public int Prefetch { get; init; } = 4;

    /// <summary>Leaves out an incomplete last batch.</summary>
    public bool DropLast { get; init; }

    /// <summary>Whether objects marked difficult are targets. VOC's practice, and the default, is that they are not.</summary>
    public bool IncludeDifficult { get; init; }

    /// <summary>Whether targets carry masks; every object must then have one.</summary>
    public bool Masks { get; init; }

    /// <exception cref="RcnnException">A value outside its range; names field and value.</exception>
    public void Validate()
    {
        Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "1 or more");
        Require(FlipProbability is >= 0 and <= 1, nameof(FlipProbability), FlipProbability, "0 to 1");
        Require(ColourJitter is >= 0 and < 1, nameof(ColourJitter), ColourJitter, "0 to below 1");
        Require(SaturationJitter is >= 0 and <= 1, nameof(SaturationJitter), SaturationJitter, "0 to 1");
        Require(HueJitter is >= 0 and <= 0.5, nameof(HueJitter), HueJitter, "0 to 0.5");
        Augment.Validate("augment");
        Require(MaxSide >= 0, nameof(MaxSide), MaxSide, "0 or more");
        Require(CacheBytes >= 0, nameof(CacheBytes), CacheBytes, "0 or more");
        Require(Workers >= 0, nameof(Workers), Workers, "0 or more");
        Require(Prefetch >= 1, nameof(Prefetch), Prefetch, "1 or more");
    }

    private static void Require(bool valid, string field, IFormattable value, string range)
    {
        if (!valid)
        {
            throw RcnnException.Usage($"loader option {field}: {value.ToString(null, System.Globalization.CultureInfo.InvariantCulture)}, expected {range}");
        }
    }
}
