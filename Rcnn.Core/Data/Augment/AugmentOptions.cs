namespace Rcnn.Core.Data.Augment;

/// <summary>
/// Random changes of the training images, their boxes and their masks. Everything is off by default. Applied in the order of the members: images are mixed first, then
/// placed, then coloured (<see cref="LoaderOptions.ColourJitter"/>).
/// </summary>
public sealed record AugmentOptions
{
    /// <summary>Probability of a mosaic of four images. Bochkovskiy et al. 2020, §3.4.</summary>
    public double Mosaic { get; init; }

    /// <summary>Probability of blending with another image. Zhang et al. 2019 (arXiv:1902.04103), §3.1.</summary>
    public double MixUp { get; init; }

    /// <summary>The blend's weight is Beta(α,α) distributed; 1.5 as in the paper.</summary>
    public double MixUpAlpha { get; init; } = 1.5;

    /// <summary>Probability of a rectangle cut from another image. Yun et al. 2019, with boxes cut where they are covered.</summary>
    public double CutMix { get; init; }

    /// <summary>Probability of pasting objects of another image: by their masks where there are any, else by their boxes. Ghiasi et al. 2021.</summary>
    public double CopyPaste { get; init; }

    /// <summary>Probability of placing the image on a larger canvas of the mean colour. Liu et al. 2016, §3.6.</summary>
    public double Expand { get; init; }

    /// <summary>Largest ratio of the sides of canvas and image.</summary>
    public double ExpandRatio { get; init; } = 4;

    /// <summary>Probability of a crop that overlaps its objects by a minimum IoU drawn from <see cref="CropIou"/>. Liu et al. 2016, §2.2.</summary>
    public double Crop { get; init; }

    /// <summary>The minimum IoUs that are drawn from; 0 takes any crop that holds an object's centre.</summary>
    public double[] CropIou { get; init; } = [0, 0.1, 0.3, 0.5, 0.7, 0.9];

    /// <summary>Smallest side of a crop as a fraction of the image's.</summary>
    public double CropMinimum { get; init; } = 0.3;

    /// <summary>
    /// Large-scale jitter: a factor uniform between the two, on a canvas of <see cref="JitterSize"/> that the image is fitted to, then cropped or padded to it.
    /// [0.1, 2] in Ghiasi et al. 2021; null is off.
    /// </summary>
    public double[]? ScaleJitter { get; init; }

    /// <summary>Side of the canvas of <see cref="ScaleJitter"/>, pixels.</summary>
    public int JitterSize { get; init; } = 640;

    /// <summary>Probability of turning upside down.</summary>
    public double VerticalFlip { get; init; }

    /// <summary>An object of which less than this fraction of the area stays visible is no longer a target.</summary>
    public double MinVisible { get; init; } = 0.25;

    /// <summary>True when there is nothing to do.</summary>
    public bool IsOff() =>
        Mosaic == 0 && MixUp == 0 && CutMix == 0 && CopyPaste == 0 && Expand == 0 && Crop == 0 && ScaleJitter is null && VerticalFlip == 0;

    /// <param name="prefix">Where these options stand in the configuration, for messages.</param>
    /// <exception cref="RcnnException">A value outside its range; names it.</exception>
    public void Validate(string prefix)
    {
        Probability(nameof(Mosaic), Mosaic);
        Probability(nameof(MixUp), MixUp);
        Probability(nameof(CutMix), CutMix);
        Probability(nameof(CopyPaste), CopyPaste);
        Probability(nameof(Expand), Expand);
        Probability(nameof(Crop), Crop);
        Probability(nameof(VerticalFlip), VerticalFlip);
        Probability(nameof(MinVisible), MinVisible);
        Require(MixUpAlpha > 0, nameof(MixUpAlpha), MixUpAlpha, "a positive number");
        Require(ExpandRatio is >= 1 and <= 16, nameof(ExpandRatio), ExpandRatio, "1 to 16");
        Require(CropMinimum is > 0 and <= 1, nameof(CropMinimum), CropMinimum, "above 0, to 1");
        Require(JitterSize is >= 32 and <= 4096, nameof(JitterSize), JitterSize, "32 to 4096");
        Require(CropIou.Length > 0 && CropIou.All(v => v is >= 0 and < 1), nameof(CropIou), string.Join(",", CropIou), "values in [0,1)");
        Require(
            ScaleJitter is null || (ScaleJitter.Length == 2 && ScaleJitter[0] > 0 && ScaleJitter[0] <= ScaleJitter[1] && ScaleJitter[1] <= 8),
            nameof(ScaleJitter), ScaleJitter is null ? "" : string.Join(",", ScaleJitter), "two factors, 0 < low ≤ high ≤ 8");

        void Probability(string name, double value) => Require(value is >= 0 and <= 1, name, value, "0 to 1");

        void Require(bool valid, string name, object value, string range)
        {
            if (!valid)
            {
                string key = char.ToLowerInvariant(name[0]) + name[1..];
                throw RcnnException.Usage(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}.{key}={value}: expected {range}"));
            }
        }
    }
}
