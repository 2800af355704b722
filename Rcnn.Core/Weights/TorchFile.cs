using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>
/// Files of <c>torch.save</c>: the zip container (torch ≥ 1.6: <c>NAME/data.pkl</c> and one stored entry <c>NAME/data/KEY</c> for each storage) and the
/// one before it (consecutive pickles: magic number, protocol 1001, system, object, storage keys; then each storage as int64 count and raw values).
/// </summary>
internal static class TorchFile
{
    private const int MaxPickleBytes = 256 << 20;

    private static readonly BigInteger LegacyMagic = BigInteger.Parse("1950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber, null);

    /// <summary>The object and access to its storages while <paramref name="stream"/> is open.</summary>
    public static (object? Root, ITorchStorages Storages) OpenZip(FileStream stream, string file)
    {
        ZipArchive archive;
        ZipArchiveEntry[] pickles;
        try
        {
            archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            pickles = [.. archive.Entries.Where(e => e.FullName.EndsWith("/data.pkl", StringComparison.Ordinal) && e.FullName.Count(c => c == '/') == 1)];
        }
        catch (InvalidDataException e)
        {
            throw new RcnnException($"{file}: a damaged or truncated zip container: {e.Message}", 1, e);
        }

        if (pickles.Length != 1)
        {
            throw new RcnnException($"{file}: a zip container of torch.save has one NAME/data.pkl, this one has {pickles.Length}");
        }

        string root = pickles[0].FullName[..^"data.pkl".Length];
        if (archive.Entries.Any(e => e.FullName.StartsWith(root + "code/", StringComparison.Ordinal)))
        {
            throw new RcnnException($"{file}: a TorchScript archive holds a program; save its state_dict instead");
        }

        if (archive.GetEntry(root + "byteorder") is { } order && System.Text.Encoding.ASCII.GetString(Read(order, file, 16)).Trim() != "little")
        {
            throw new RcnnException($"{file}: {order.FullName}: only little-endian values are supported");
        }

        byte[] pickle = Read(pickles[0], file, MaxPickleBytes);
        object? result = new PickleReader(pickle, $"{file}: {pickles[0].FullName}").Read();
        return (result, new ZipStorages(archive, root + "data/", file));
    }

    /// <inheritdoc cref="OpenZip"/>
    public static (object? Root, ITorchStorages Storages) OpenLegacy(FileStream stream, string file)
    {
        // The pickles lie before the values; no more than this is searched for them.
        var head = new byte[Math.Min(stream.Length, MaxPickleBytes)];
        stream.ReadExactly(head);
        var reader = new PickleReader(head, file);
        if (reader.Read() is not BigInteger magic || magic != LegacyMagic)
        {
            throw new RcnnException($"{file}: neither a file of torch.save nor safetensors (a pickle without torch's magic number)");
        }

        if (reader.Read() is not 1001L)
        {
            throw new RcnnException($"{file}: the legacy container has protocol 1001");
        }

        if (reader.Read() is PickleDict system && system.Items.Exists(i => i is { Key: "little_endian", Value: false }))
        {
            throw new RcnnException($"{file}: only little-endian values are supported");
        }

        object? root = reader.Read();
        if (reader.Read() is not List<object?> keys || !keys.TrueForAll(k => k is string or long))
        {
            throw new RcnnException($"{file}: the legacy container ends with a list of storage keys");
        }

        return (root, new LegacyStorages(stream, [.. keys.Select(k => k!.ToString()!)], reader.StorageTypes, reader.Position, file));
    }

    private static byte[] Read(ZipArchiveEntry entry, string file, int limit)
    {
        if (entry.Length > limit || entry.Length != entry.CompressedLength)
        {
            throw new RcnnException($"{file}: {entry.FullName}: {entry.Length} bytes stored as {entry.CompressedLength}; an uncompressed entry of at most {limit} expected");
        }

        try
        {
            using Stream stream = entry.Open();
            var bytes = new byte[entry.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new RcnnException($"{file}: {entry.FullName}: damaged or truncated: {e.Message}", 1, e);
        }
    }

    private sealed class ZipStorages(ZipArchive archive, string prefix, string file) : ITorchStorages
    {
        public void Require(PickleStorage storage, long byteOffset, long bytes) => Entry(storage, byteOffset, bytes);

        public void Read(PickleStorage storage, long byteOffset, Span<byte> into)
        {
            ZipArchiveEntry entry = Entry(storage, byteOffset, into.Length);
            try
            {
                using Stream stream = entry.Open();
                if (byteOffset > 0)
                {
                    Skip(stream, byteOffset);
                }

                stream.ReadExactly(into);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw new RcnnException($"{file}: {entry.FullName}: damaged or truncated: {e.Message}", 1, e);
            }
        }

        public void Dispose() => archive.Dispose();

        private ZipArchiveEntry Entry(PickleStorage storage, long byteOffset, long bytes)
        {
            ZipArchiveEntry entry = archive.GetEntry(prefix + storage.Key) ?? throw new RcnnException($"{file}: entry {prefix}{storage.Key} is missing");
            if (entry.Length != entry.CompressedLength)
            {
                throw new RcnnException($"{file}: {entry.FullName} is compressed; torch.save stores values as they are");
            }

            return entry.Length - byteOffset >= bytes ? entry
                : throw new RcnnException($"{file}: {entry.FullName}: {byteOffset + bytes} bytes expected, {entry.Length} there");
        }

        private static void Skip(Stream stream, long count)
        {
            var buffer = new byte[Math.Min(count, 1 << 16)];
            while (count > 0)
            {
                int part = (int)Math.Min(count, buffer.Length);
                stream.ReadExactly(buffer, 0, part);
                count -= part;
            }
        }
    }

    private sealed class LegacyStorages : ITorchStorages
    {
        private readonly FileStream _stream;
        private readonly string _file;
        private readonly Dictionary<string, (long Position, long Bytes)> _places = [];

        /// <summary>Finds where each storage begins.</summary>
        public LegacyStorages(FileStream stream, IReadOnlyList<string> keys, Dictionary<string, ScalarType> types, long first, string file)
        {
            (_stream, _file) = (stream, file);
            long position = first;
            Span<byte> length = stackalloc byte[8];
            foreach (string key in keys)
            {
                if (!types.TryGetValue(key, out ScalarType type))
                {
                    throw new RcnnException($"{file}: storage {key} belongs to no tensor");
                }

                if (stream.Length - position < 8)
                {
                    throw new RcnnException($"{file}: storage {key}: truncated");
                }

                stream.Position = position;
                stream.ReadExactly(length);
                long count = BinaryPrimitives.ReadInt64LittleEndian(length);
                int size = PickleBuilders.Size(type);
                position += 8;
                if (count < 0 || count > (stream.Length - position) / size)
                {
                    throw new RcnnException($"{file}: storage {key}: {count} values of {size} bytes announced, {stream.Length - position} bytes are left: truncated or damaged");
                }

                _places[key] = (position, count * size);
                position += count * size;
            }
        }

        public void Require(PickleStorage storage, long byteOffset, long bytes)
        {
            if (!_places.TryGetValue(storage.Key, out (long Position, long Bytes) place))
            {
                throw new RcnnException($"{_file}: storage {storage.Key} is missing");
            }

            if (place.Bytes - byteOffset < bytes)
            {
                throw new RcnnException($"{_file}: storage {storage.Key}: {byteOffset + bytes} bytes expected, {place.Bytes} there");
            }
        }

        public void Read(PickleStorage storage, long byteOffset, Span<byte> into)
        {
            Require(storage, byteOffset, into.Length);
            _stream.Position = _places[storage.Key].Position + byteOffset;
            _stream.ReadExactly(into);
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Raw values by storage key.</summary>
internal interface ITorchStorages : IDisposable
{
    /// <summary>Throws unless the storage entry has so many bytes: to be called before memory is set aside for them.</summary>
    void Require(PickleStorage storage, long byteOffset, long bytes);

    /// <summary>Fills <paramref name="into"/> with the bytes from <paramref name="byteOffset"/> of the storage entry on.</summary>
    void Read(PickleStorage storage, long byteOffset, Span<byte> into);
}
