using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Rcnn.Core.Data;

/// <summary>The first images of another dataset, in its order and with its classes.</summary>
/// <param name="source">The whole.</param>
/// <param name="count">Images to take; all where there are fewer.</param>
/// <param name="name">As the user wrote it.</param>
public sealed class FirstImages(IDetectionDataset source, int count, string name) : IDetectionDataset
{
    public string Name { get; } = name;

    public IDetectionDataset Source => source;

    public IReadOnlyList<string> ClassNames => source.ClassNames;

    public IReadOnlyList<int> CategoryIds => source.CategoryIds;

    public int Count { get; } = Math.Min(count, source.Count);

    /// <exception cref="ArgumentOutOfRangeException">Not below <see cref="Count"/>.</exception>
    public ImageRecord this[int index] => source[Checked(index)];

    public RgbImage Decode(int index) => source.Decode(Checked(index));

    public string Fingerprint() => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"first {Count} of {source.Fingerprint()}"))));

    private int Checked(int index) =>
        index >= 0 && index < Count ? index : throw new ArgumentOutOfRangeException(nameof(index), index, $"0 to {Count - 1} expected");
}
