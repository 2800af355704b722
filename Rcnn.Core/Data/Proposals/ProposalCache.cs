using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Rcnn.Core.Data.Proposals;

/// <summary>
/// Proposals in a file, found by the pixels of their image: <c>RCNNPROP</c>, version (int32), length of the method's name (int32), the name (UTF-8), then records: SHA-256 of height, width and pixels (32 bytes),
/// number of boxes n (int32), 4·n float32 (x1,y1,x2,y2), SHA-256 of the record so far cut to 8 bytes. Little-endian. Records are only ever appended, under the lock of the file NAME.lock beside it;
/// half a record at the end, of a run that was killed, is cut off under that lock. Safe to use from several threads, and from several processes at once: each sees what the others add.
/// </summary>
public sealed class ProposalCache : IDisposable
{
    private const int Version = 1;
    private const int KeyBytes = 32;
    private const int CheckBytes = 8;
    private const int MaximumBoxes = 1 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly FileStream _stream;
    private readonly Dictionary<string, (long Offset, int Count)> _index = [];
    private readonly Lock _lock = new();
    private long _end;

    private ProposalCache(FileStream stream, string file, string method) => (_stream, File, Method) = (stream, file, method);

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary><see cref="IProposalMethod.Name"/> of what it holds.</summary>
    public string Method { get; }

    /// <summary>Images it holds.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _index.Count;
            }
        }
    }

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="method">The method wanted; null takes what the file holds, which must exist then.</param>
    /// <exception cref="RcnnException">No proposal file, another version or another method, or locked for two minutes; names the file.</exception>
    public static ProposalCache Open(string file, string? method)
    {
        FileStream? stream = null;
        try
        {
            bool exists = System.IO.File.Exists(file);
            if (!exists && method is null)
            {
                throw new RcnnException($"{file}: no such proposal file");
            }

            if (!exists && Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            // Without a buffer, which would not see what others append.
            stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
            using FileStream exclusive = Exclusive(file);
            if (stream.Length == 0)
            {
                byte[] name = Encoding.UTF8.GetBytes(method ?? throw new RcnnException($"{file}: an empty file, no proposals"));
                stream.Write([.. "RCNNPROP"u8, .. BitConverter.GetBytes(Version), .. BitConverter.GetBytes(name.Length), .. name]);
                stream.Flush();
            }

            stream.Position = 0;
            string stored = ReadHeader(stream, file);
            if (method is not null && stored != method)
            {
                throw new RcnnException($"{file}: holds proposals of {stored}, wanted are those of {method}");
            }

            var cache = new ProposalCache(stream, file, stored);
            cache._end = stream.Position;
            cache.ReadNew(exclusive: true);
            return cache;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw new RcnnException($"{file}: {e.Message}", inner: e);
        }
        catch
        {
            stream?.Dispose();
            throw;
        }
    }

    /// <summary>The proposals of an image, or null when it holds none of it.</summary>
    public Box[]? Find(RgbImage image)
    {
        string key = Convert.ToHexString(Key(image));
        lock (_lock)
        {
            if (!_index.TryGetValue(key, out (long Offset, int Count) entry))
            {
                ReadNew(exclusive: false);
            }

            if (!_index.TryGetValue(key, out entry))
            {
                return null;
            }

            var values = new float[4 * entry.Count];
            _stream.Position = entry.Offset;
            _stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            var boxes = new Box[entry.Count];
            for (int i = 0; i < boxes.Length; i++)
            {
                boxes[i] = new Box(values[4 * i], values[(4 * i) + 1], values[(4 * i) + 2], values[(4 * i) + 3]);
            }

            return boxes;
        }
    }

    /// <summary>Adds an image; one that is there already stays as it is. Coordinates are rounded to float32.</summary>
    /// <exception cref="RcnnException">The disk is full; the file stays as it was.</exception>
    public void Add(RgbImage image, IReadOnlyList<Box> boxes)
    {
        if (boxes.Count > MaximumBoxes)
        {
            throw new ArgumentException($"at most {MaximumBoxes} proposals an image expected, got {boxes.Count}", nameof(boxes));
        }

        byte[] key = Key(image), record = new byte[KeyBytes + 4 + (16 * boxes.Count) + CheckBytes];
        key.CopyTo(record, 0);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(KeyBytes), boxes.Count);
        Span<float> values = MemoryMarshal.Cast<byte, float>(record.AsSpan(KeyBytes + 4, 16 * boxes.Count));
        for (int i = 0; i < boxes.Count; i++)
        {
            (values[4 * i], values[(4 * i) + 1], values[(4 * i) + 2], values[(4 * i) + 3]) = ((float)boxes[i].X1, (float)boxes[i].Y1, (float)boxes[i].X2, (float)boxes[i].Y2);
        }

        Check(record.AsSpan(0, record.Length - CheckBytes)).CopyTo(record.AsSpan(record.Length - CheckBytes));
        lock (_lock)
        {
            using FileStream exclusive = Exclusive(File);
            ReadNew(exclusive: true);
            if (_index.ContainsKey(Convert.ToHexString(key)))
            {
                return;
            }

            long start = _end;
            try
            {
                _stream.Position = start;
                _stream.Write(record);
                _stream.Flush();
            }
            catch (IOException e)
            {
                _stream.SetLength(start);
                throw new RcnnException($"{File}: not written: {e.Message}", inner: e);
            }

            _index[Convert.ToHexString(key)] = (start + KeyBytes + 4, boxes.Count);
            _end = start + record.Length;
        }
    }

    public void Dispose() => _stream.Dispose();

    private static byte[] Key(RgbImage image)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([.. BitConverter.GetBytes(image.Height), .. BitConverter.GetBytes(image.Width)]);
        hash.AppendData(image.Pixels);
        return hash.GetHashAndReset();
    }

    /// <summary>Keeps other writers out until disposed, those of this process too; the lock ends with the process.</summary>
    private static FileStream Exclusive(string file)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                if (Stopwatch.GetElapsedTime(start) > Patience)
                {
                    throw new RcnnException($"{file}.lock: not free for {Patience.TotalMinutes:F0} minutes: {e.Message}", inner: e);
                }

                Thread.Sleep(5);
            }
        }
    }

    private static ReadOnlySpan<byte> Check(ReadOnlySpan<byte> record) => SHA256.HashData(record).AsSpan(0, CheckBytes);

    private static string ReadHeader(FileStream stream, string file)
    {
        Span<byte> head = stackalloc byte[16];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !head[..8].SequenceEqual("RCNNPROP"u8))
        {
            throw new RcnnException($"{file}: no proposal file");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(head[8..]), length = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
        if (version != Version)
        {
            throw new RcnnException($"{file}: proposals of version {version}, known is {Version}");
        }

        if (length is < 1 or > 4096 || length > stream.Length - stream.Position)
        {
            throw new RcnnException($"{file}: a method name of {length} bytes");
        }

        var name = new byte[length];
        stream.ReadExactly(name);
        return Encoding.UTF8.GetString(name);
    }

    /// <summary>Takes in the records behind the last one known.</summary>
    /// <param name="exclusive">With the lock, half a record is one that nobody finishes, and cut off; without, one that is being written.</param>
    private void ReadNew(bool exclusive)
    {
        var head = new byte[KeyBytes + 4];
        while (_stream.Length > _end)
        {
            _stream.Position = _end;
            long start = _stream.Position;
            bool whole = _stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length;
            int count = whole ? BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(KeyBytes)) : 0;
            long end = start + head.Length + (16L * count) + CheckBytes;
            if (whole && exclusive && count is < 0 or > MaximumBoxes)
            {
                throw new RcnnException($"{File}: damaged at byte {start}: a record of {count} proposals");
            }

            if (!whole || count is < 0 or > MaximumBoxes || end > _stream.Length)
            {
                if (exclusive)
                {
                    _stream.SetLength(start);
                }

                return;
            }

            var rest = new byte[(16 * count) + CheckBytes];
            _stream.ReadExactly(rest);
            if (!Check([.. head, .. rest.AsSpan(0, 16 * count)]).SequenceEqual(rest.AsSpan(16 * count)))
            {
                if (!exclusive)
                {
                    return;
                }

                throw new RcnnException($"{File}: damaged at byte {start}: the record's check sum is wrong");
            }

            _index[Convert.ToHexString(head.AsSpan(0, KeyBytes))] = (start + head.Length, count);
            _end = end;
        }
    }
}
