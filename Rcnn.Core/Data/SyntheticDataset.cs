using System.Security.Cryptography;
using System.Text;
using Rcnn.Core.Data.Synthetic;
using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>
/// Scenes drawn on demand: six shapes whose colour and texture tell nothing about the class, on cluttered ground, over one another, at many scales. Image i of a
/// split is a function of (preset, split, i) alone, with the same bytes on every machine, so a larger split contains a smaller one. A box bounds
/// the visible pixels, which are its mask; its area is their number.
/// </summary>
public sealed class SyntheticDataset : IDetectionDataset
{
    /// <summary>Raised whenever the drawing changes, as it changes every result.</summary>
    public const int Version = 1;

    private readonly SceneOptions _options;
    private readonly string _split;
    private readonly ImageRecord?[] _records;

    /// <param name="options">What scenes look like.</param>
    /// <param name="split">Any name; different names give different scenes.</param>
    /// <param name="count">Number of images.</param>
    public SyntheticDataset(SceneOptions options, string split, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        (_options, _split, _records) = (options, split, new ImageRecord?[count]);
        Name = options.Preset == SceneOptions.Standard.Preset ? $"synthetic:{split}:{count}" : $"synthetic:{options.Preset}:{split}:{count}";
    }

    public string Name { get; }

    public IReadOnlyList<string> ClassNames => Scene.ClassNames;

    public IReadOnlyList<int> CategoryIds { get; } = [.. Enumerable.Range(1, Scene.ClassNames.Count)];

    public int Count => _records.Length;

    // Two threads may draw the same scene; they get the same record.
    public ImageRecord this[int index] => _records[index] ??= Record(index, Draw(index).Objects);

    public RgbImage Decode(int index)
    {
        (RgbImage image, IReadOnlyList<ObjectAnnotation> objects) = Draw(index);
        _records[index] ??= Record(index, objects);
        return image;
    }

    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"synthetic {Version} {Count} {_split} {_options}")));

    private (RgbImage Image, IReadOnlyList<ObjectAnnotation> Objects) Draw(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return Scene.Draw(_options, new RandomStream(index, $"{Version}/{_options.Preset}/{_split}"));
    }

    private ImageRecord Record(int index, IReadOnlyList<ObjectAnnotation> objects) =>
        new(index + 1, $"{_split}-{index:D5}.png", _options.Width, _options.Height, objects, $"{Name} image {index + 1}");
}
