using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Rcnn.Tests.Weights;

/// <summary>Writes pickles of protocol 2 opcode by opcode, and torch's two containers around them.</summary>
internal sealed class PickleBytes
{
    private readonly MemoryStream _bytes = new();

    public PickleBytes() => Op(0x80, 2);

    public PickleBytes Op(params byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public PickleBytes Op(char op) => Op((byte)op);

    public PickleBytes Text(string text) => Op('X').Int32(Encoding.UTF8.GetByteCount(text)).Op(Encoding.UTF8.GetBytes(text));

    public PickleBytes Number(int value) => Op('J').Int32(value);

    public PickleBytes Global(string module, string name) => Op(Encoding.UTF8.GetBytes($"c{module}\n{name}\n"));

    /// <summary>A tuple of what <paramref name="items"/> push.</summary>
    public PickleBytes Tuple(Action items)
    {
        Op('(');
        items();
        return Op('t');
    }

    /// <summary>A torch tensor of the given storage.</summary>
    public PickleBytes Tensor(string storageType, string key, int count, int offset, int[] shape, int[] strides) =>
        Global("torch._utils", "_rebuild_tensor_v2").Tuple(() =>
        {
            Tuple(() => Text("storage").Global("torch", storageType).Text(key).Text("cpu").Number(count)).Op('Q');
            Number(offset);
            Tuple(() => Array.ForEach(shape, s => Number(s)));
            Tuple(() => Array.ForEach(strides, s => Number(s)));
            Op(0x89).Global("collections", "OrderedDict").Op(')').Op('R');
        }).Op('R');

    public byte[] End()
    {
        Op('.');
        return _bytes.ToArray();
    }

    /// <summary>A dict with one tensor called <c>w</c>.</summary>
    public static byte[] OneTensor(string storageType, int count, int offset, int[] shape, int[] strides)
    {
        var p = new PickleBytes();
        return p.Op('}').Text("w").Tensor(storageType, "0", count, offset, shape, strides).Op('s').End();
    }

    public static byte[] Zip(byte[] pickle, params (string Name, byte[] Bytes)[] entries)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in entries.Prepend(("m/data.pkl", pickle)))
            {
                using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    /// <summary>The container before torch 1.6.</summary>
    public static byte[] Legacy(byte[] pickle, params (string Key, long Count, byte[] Bytes)[] storages)
    {
        var stream = new MemoryStream();
        stream.Write([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.']);
        stream.Write(new PickleBytes().Op((byte)'M', 0xe9, 0x03).End());
        stream.Write(new PickleBytes().Op('}').Text("little_endian").Op(0x88).Op('s').End());
        stream.Write(pickle);
        var keys = new PickleBytes().Op(']');
        foreach ((string key, long _, byte[] _) in storages)
        {
            keys.Text(key).Op('a');
        }

        stream.Write(keys.End());
        Span<byte> length = stackalloc byte[8];
        foreach ((string _, long count, byte[] bytes) in storages)
        {
            BinaryPrimitives.WriteInt64LittleEndian(length, count);
            stream.Write(length);
            stream.Write(bytes);
        }

        return stream.ToArray();
    }

    public static byte[] Floats(params float[] values)
    {
        var bytes = new byte[4 * values.Length];
        Buffer.BlockCopy(values, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private PickleBytes Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }
}
