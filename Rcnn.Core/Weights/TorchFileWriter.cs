using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using Rcnn.Core.Runs;
using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>Writes what <c>torch.load</c> reads: the zip container of torch ≥ 1.6 with an OrderedDict of tensors, each with a storage of its own.</summary>
internal static class TorchFileWriter
{
    /// <summary>The file appears under its name only when it is complete and on disk.</summary>
    /// <exception cref="RcnnException">A dtype without a storage type, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        byte[] pickle = Pickle(tensors, path);
        try
        {
            DurableFile.Write(path, temporary =>
            {
                using var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write);
                using var archive = new ZipArchive(stream, ZipArchiveMode.Create);
                Entry(archive, "archive/data.pkl", pickle);
                int key = 0;
                foreach (Tensor tensor in tensors.Values)
                {
                    using Tensor plain = tensor.detach().cpu().contiguous();
                    Entry(archive, "archive/data/" + Key(key++), plain.numel() == 0 ? [] : plain.bytes);
                }

                Entry(archive, "archive/version", "3\n"u8);
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", 1, e);
        }
    }

    private static void Entry(ZipArchive archive, string name, ReadOnlySpan<byte> bytes)
    {
        using Stream stream = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        stream.Write(bytes);
    }

    private static string Key(int index) => index.ToString(CultureInfo.InvariantCulture);

    // Protocol 2: OrderedDict() filled with name → _rebuild_tensor_v2(storage, 0, size, stride, False, OrderedDict()).
    private static byte[] Pickle(IReadOnlyDictionary<string, Tensor> tensors, string path)
    {
        var pickle = new MemoryStream();
        pickle.Write([0x80, 2]);
        Empty(pickle);
        pickle.WriteByte((byte)'(');
        int key = 0;
        foreach ((string name, Tensor tensor) in tensors)
        {
            Text(pickle, name);
            Global(pickle, "torch._utils", "_rebuild_tensor_v2");
            pickle.WriteByte((byte)'(');
            pickle.WriteByte((byte)'(');
            Text(pickle, "storage");
            Global(pickle, "torch", Storage(tensor.dtype) ?? throw new RcnnException($"{path}: {name}: torch files have no storage for {tensor.dtype}"));
            Text(pickle, Key(key++));
            Text(pickle, "cpu");
            Number(pickle, tensor.numel());
            pickle.Write("tQ"u8);
            Number(pickle, 0);
            long[] shape = tensor.shape, strides = new long[shape.Length];
            long stride = 1;
            for (int i = shape.Length - 1; i >= 0; i--)
            {
                strides[i] = stride;
                stride *= Math.Max(shape[i], 1);
            }

            Tuple(pickle, shape);
            Tuple(pickle, strides);
            pickle.WriteByte(0x89);
            Empty(pickle);
            pickle.Write("tR"u8);
        }

        pickle.Write("u."u8);
        return pickle.ToArray();
    }

    private static string? Storage(ScalarType type) => type switch
    {
        ScalarType.Float32 => "FloatStorage",
        ScalarType.Float64 => "DoubleStorage",
        ScalarType.Float16 => "HalfStorage",
        ScalarType.BFloat16 => "BFloat16Storage",
        ScalarType.Int64 => "LongStorage",
        ScalarType.Int32 => "IntStorage",
        ScalarType.Int16 => "ShortStorage",
        ScalarType.Int8 => "CharStorage",
        ScalarType.Byte => "ByteStorage",
        ScalarType.Bool => "BoolStorage",
        _ => null,
    };

    private static void Empty(MemoryStream pickle)
    {
        Global(pickle, "collections", "OrderedDict");
        pickle.Write(")R"u8);
    }

    private static void Global(MemoryStream pickle, string module, string name) => pickle.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    private static void Text(MemoryStream pickle, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Span<byte> head = stackalloc byte[5];
        head[0] = (byte)'X';
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], bytes.Length);
        pickle.Write(head);
        pickle.Write(bytes);
    }

    // BININT where it fits; else LONG1: two's complement, little-endian, of as many bytes as it needs.
    private static void Number(MemoryStream pickle, long value)
    {
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Span<byte> small = stackalloc byte[5];
            small[0] = (byte)'J';
            BinaryPrimitives.WriteInt32LittleEndian(small[1..], (int)value);
            pickle.Write(small);
            return;
        }

        byte[] bytes = new System.Numerics.BigInteger(value).ToByteArray();
        pickle.Write([0x8a, (byte)bytes.Length]);
        pickle.Write(bytes);
    }

    private static void Tuple(MemoryStream pickle, long[] values)
    {
        pickle.WriteByte((byte)'(');
        foreach (long value in values)
        {
            Number(pickle, value);
        }

        pickle.WriteByte((byte)'t');
    }
}
