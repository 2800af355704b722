using System.Security.Cryptography;
using System.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using Rcnn.Ops;

namespace Rcnn.Core.Data;

/// <summary>Images in files with annotations already read: what <see cref="VocReader"/> and <see cref="CocoReader"/> give.</summary>
public sealed class FileDataset : IDetectionDataset
{
    private readonly Entry[] _entries;
    private readonly Lazy<string> _fingerprint;

    internal FileDataset(
        string name, IReadOnlyList<string> classNames, IReadOnlyList<int> categoryIds, IEnumerable<Entry> entries, IReadOnlyList<DataIssue> issues)
    {
        (Name, ClassNames, CategoryIds, Issues) = (name, classNames, categoryIds, issues);
        _entries = [.. entries];
        _fingerprint = new Lazy<string>(ComputeFingerprint);
    }

    public string Name { get; }

    public IReadOnlyList<string> ClassNames { get; }

    public IReadOnlyList<int> CategoryIds { get; }

    public int Count => _entries.Length;

    /// <summary>What is wrong with the dataset as a whole; see <see cref="IssuesOf"/> for one image.</summary>
    public IReadOnlyList<DataIssue> Issues { get; }

    /// <exception cref="RcnnException">The annotation has an error; the message is the first one.</exception>
    public ImageRecord this[int index]
    {
        get
        {
            Entry entry = _entries[index];
            if (entry.Issues.FirstOrDefault(i => i.IsError) is { } error)
            {
                throw new RcnnException(error.ToString());
            }

            return entry.Record;
        }
    }

    public string ImagePath(int index) => _entries[index].ImagePath;

    /// <summary>What the reader found in the annotation of image <paramref name="index"/>.</summary>
    public IReadOnlyList<DataIssue> IssuesOf(int index) => _entries[index].Issues;

    public RgbImage Decode(int index)
    {
        (ImageRecord record, string path, _) = _entries[index];
        RgbImage image = ImageFile.Read(path);
        if (image.Width != record.Width || image.Height != record.Height)
        {
            throw new RcnnException(SizeMismatch(path, image.Width, image.Height, record));
        }

        return image;
    }

    public string Fingerprint() => _fingerprint.Value;

    internal static string SizeMismatch(string path, int width, int height, ImageRecord record) =>
        $"{path}: the image is {width}×{height}, {record.Source} says {record.Width}×{record.Height}"
        + (width == record.Height && height == record.Width ? " (annotated after an EXIF rotation?)" : "");

    private string ComputeFingerprint()
    {
        var images = new byte[_entries.Length][];
        Parallel.For(0, images.Length, i =>
        {
            try
            {
                using FileStream stream = File.OpenRead(_entries[i].ImagePath);
                images[i] = SHA256.HashData(stream);
            }
            catch (IOException)
            {
                images[i] = [];
            }
        });

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
        foreach ((string name, int id) in ClassNames.Zip(CategoryIds))
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"class {id} {name}"));
        }

        for (int i = 0; i < _entries.Length; i++)
        {
            ImageRecord r = _entries[i].Record;
            Add(string.Create(CultureInfo.InvariantCulture, $"image {r.Id} {r.FileName} {r.Width} {r.Height}"));
            foreach (ObjectAnnotation o in r.Objects)
            {
                Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{o.Label} {o.Box.X1:R} {o.Box.Y1:R} {o.Box.X2:R} {o.Box.Y2:R} {o.Difficult} {o.Crowd} {o.Area:R}"));
                switch (o.Segmentation)
                {
                    case Rle mask:
                        hash.AppendData(mask.Code.Span);
                        break;
                    case PolygonMask mask:
                        foreach (double[] part in mask.Parts)
                        {
                            hash.AppendData(MemoryMarshal.AsBytes<double>(part));
                        }

                        break;
                }
            }

            hash.AppendData(images[i]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>One image: its record, its file, and what was found in its annotation.</summary>
    internal sealed record Entry(ImageRecord Record, string ImagePath, IReadOnlyList<DataIssue> Issues);
}
