using Rcnn.Ops;

namespace Rcnn.Core.Data.Augment;

/// <summary>The augmentations of <see cref="AugmentOptions"/> in their order. A function of the sample, the options and the stream.</summary>
public static class Augmenter
{
    /// <param name="sample">The image as loaded.</param>
    /// <param name="options">What is on.</param>
    /// <param name="random">Decides everything.</param>
    /// <param name="other">Another sample of the dataset, by a number that <paramref name="random"/> draws.</param>
    public static Sample Apply(Sample sample, AugmentOptions options, RandomStream random, Func<RandomStream, Sample> other)
    {
        if (Happens(options.Mosaic, random))
        {
            sample = Mosaic.Apply(sample, [other(random), other(random), other(random)], options.MinVisible, random);
        }

        if (Happens(options.MixUp, random))
        {
            sample = MixUp.Apply(sample, other(random), options.MixUpAlpha, random);
        }

        if (Happens(options.CutMix, random))
        {
            sample = CutMix.Apply(sample, other(random), options.MinVisible, random);
        }

        if (Happens(options.CopyPaste, random))
        {
            sample = CopyPaste.Apply(sample, other(random), options.MinVisible, random);
        }

        if (Happens(options.Expand, random))
        {
            sample = Expand.Apply(sample, options.ExpandRatio, random);
        }

        if (Happens(options.Crop, random))
        {
            sample = ConstrainedCrop.Apply(sample, options.CropIou, options.CropMinimum, random);
        }

        if (options.ScaleJitter is { } range)
        {
            sample = LargeScaleJitter.Apply(sample, options.JitterSize, random.NextDouble(range[0], range[1]), options.MinVisible, random);
        }

        return Happens(options.VerticalFlip, random) ? SampleGeometry.FlipVertically(sample) : sample;
    }

    private static bool Happens(double probability, RandomStream random) => probability > 0 && random.NextDouble() < probability;
}
