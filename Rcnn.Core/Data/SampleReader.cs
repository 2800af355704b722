using System.Collections.Concurrent;
using OpenCvSharp;
using Rcnn.Core.Data.Augment;
using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>
/// Makes the sample of (epoch, index): decode, shrink, keep in memory, augment. A function of its arguments and the options' seed; safe in several threads.
/// Crowds are no targets, nor are difficult objects unless asked for.
/// </summary>
public sealed class SampleReader(IDetectionDataset dataset, LoaderOptions options)
{
    private readonly ConcurrentDictionary<int, RgbImage> _cache = new();
    private readonly ConcurrentDictionary<int, Box[]> _proposals = new();
    private long _cachedBytes;

    /// <exception cref="RcnnException">The image or its annotation cannot be used.</exception>
    public Sample Read(int epoch, int index)
    {
        Sample sample = Load(index);
        if (!options.Augment.IsOff())
        {
            var random = new RandomStream(options.Seed, $"augment/{epoch}/{index}");
            sample = Augmenter.Apply(sample, options.Augment, random, r => Load(r.NextInt(dataset.Count)));
        }

        bool flip = options.FlipProbability > 0
            && new RandomStream(options.Seed, $"flip/{epoch}/{index}").NextDouble() < options.FlipProbability;
        sample = flip ? sample.FlipHorizontally() : sample;
        if (options.ColourJitter > 0)
        {
            sample = sample with { Image = ColourJitter.Apply(sample.Image, options.ColourJitter, new RandomStream(options.Seed, $"colour/{epoch}/{index}")) };
        }

        return options.SaturationJitter > 0 || options.HueJitter > 0
            ? sample with
            {
                Image = SaturationHueJitter.Apply(sample.Image, options.SaturationJitter, options.HueJitter, new RandomStream(options.Seed, $"saturation-hue/{epoch}/{index}")),
            }
            : sample;
    }

    private Sample Load(int index)
    {
        ImageRecord record = dataset[index];
        if (!_cache.TryGetValue(index, out RgbImage? image))
        {
            image = Shrink(dataset.Decode(index), options.MaxSide);
            if (Interlocked.Add(ref _cachedBytes, image.Pixels.Length) > options.CacheBytes || !_cache.TryAdd(index, image))
            {
                Interlocked.Add(ref _cachedBytes, -image.Pixels.Length);
            }
        }

        double sx = (double)image.Width / record.Width, sy = (double)image.Height / record.Height;
        ObjectAnnotation[] kept = [.. record.Objects.Where(o => !o.Crowd && (options.IncludeDifficult || !o.Difficult))];
        return new Sample(
            index,
            record.Id,
            image,
            [.. kept.Select(o => new Box(o.Box.X1 * sx, o.Box.Y1 * sy, o.Box.X2 * sx, o.Box.Y2 * sy))],
            [.. kept.Select(o => o.Label)],
            options.Masks ? [.. kept.Select(o => Mask(o, record, image))] : null,
            options.Proposals is null ? null : _proposals.GetOrAdd(index, _ => options.Proposals.Of(image, new(record.FileName, record.Id, record.Width, record.Height))));
    }

    private BitmapMask Mask(ObjectAnnotation item, ImageRecord record, RgbImage image) => item.Segmentation is { } mask
        ? mask.Rasterise(image.Height, image.Width)
        : throw new RcnnException($"{record.Source}: {record.FileName} has an object ({dataset.ClassNames[item.Label - 1]}) without a mask; masks are asked for, which COCO files have as 'segmentation'");

    /// <summary>The image, or one whose longer side is <paramref name="maxSide"/> where it is larger (area averaging); 0 keeps every size.</summary>
    public static RgbImage Shrink(RgbImage image, int maxSide)
    {
        int longer = Math.Max(image.Width, image.Height);
        if (maxSide == 0 || longer <= maxSide)
        {
            return image;
        }

        double scale = (double)maxSide / longer;
        int height = Math.Max(1, (int)Math.Round(image.Height * scale)), width = Math.Max(1, (int)Math.Round(image.Width * scale));
        return ImageFile.Resize(image, height, width, InterpolationFlags.Area);
    }
}
