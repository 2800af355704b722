using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// Features of all training regions in a memory-mapped file: <c>RCNNFEAT</c>, version (int32), width (int32), rows (int64), images (int64), key (32 bytes), a byte for each image that is 1 when its
/// rows are there, then rows·width float32 from the next multiple of 64. Little-endian. A killed run goes on with the images that are missing; a file of another key starts anew. Dispose once.
/// </summary>
internal sealed unsafe class FeatureCache : IDisposable
{
    private const int Version = 1, KeyBytes = 32, HeaderBytes = 64;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;
    private readonly float* _rows;
    private readonly int _images;
    private readonly int _count;

    private FeatureCache(MemoryMappedFile file, int width, int rows, int images)
    {
        (_file, Width, _count, _images) = (file, width, rows, images);
        _view = file.CreateViewAccessor();
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
        _rows = (float*)(_base + RowsAt(images));
    }

    /// <summary>Numbers of a row.</summary>
    public int Width { get; }

    /// <param name="key">SHA-256 of all that the features depend on.</param>
    /// <exception cref="RcnnException">The file cannot be made: the disk is full, or it is in use.</exception>
    public static FeatureCache Open(string path, ReadOnlySpan<byte> key, int width, int rows, int images)
    {
        long length = RowsAt(images) + (4L * Math.Max(1, (long)rows) * width);
        byte[] header = [.. "RCNNFEAT"u8, .. BitConverter.GetBytes(Version), .. BitConverter.GetBytes(width), .. BitConverter.GetBytes((long)rows), .. BitConverter.GetBytes((long)images), .. key];
        try
        {
            using (var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            {
                var found = new byte[header.Length];
                bool same = stream.Length == length && stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) == found.Length && found.AsSpan().SequenceEqual(header);
                if (!same)
                {
                    stream.SetLength(0);
                    stream.SetLength(length);
                    stream.Position = 0;
                    stream.Write(header);
                    stream.Flush(flushToDisk: true);
                }
            }

            return new FeatureCache(MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, length), width, rows, images);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", inner: e);
        }
    }

    public bool Has(int image) => _base[HeaderBytes + KeyBytes + Checked(image, _images)] == 1;

    /// <summary>Stores the rows of an image, from <paramref name="first"/> on; they are on the disk before the image counts as done.</summary>
    public void Store(int image, int first, ReadOnlySpan<float> values)
    {
        if (values.Length % Width != 0 || first < 0 || first + (values.Length / Width) > _count)
        {
            throw new ArgumentException($"rows {first} … of {Width} numbers in a cache of {_count} expected, got {values.Length} numbers", nameof(values));
        }

        values.CopyTo(new Span<float>(_rows + ((long)first * Width), values.Length));
        _view.Flush();
        _base[HeaderBytes + KeyBytes + Checked(image, _images)] = 1;
    }

    public ReadOnlySpan<float> Row(int row) => new(_rows + ((long)Checked(row, _count) * Width), Width);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static long RowsAt(int images) => (HeaderBytes + KeyBytes + images + 63L) / 64 * 64;

    private static int Checked(int index, int count) => (uint)index < (uint)count ? index : throw new ArgumentOutOfRangeException(nameof(index), index, $"0 … {count - 1} expected");
}
