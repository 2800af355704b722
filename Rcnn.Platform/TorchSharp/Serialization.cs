using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// TorchSharp's stream format of a tensor: element type, number of dimensions and each length as variable-length integers (7 bits a byte,
/// lowest first), then the elements in logical order, little-endian.
/// </summary>
public static partial class TensorExtensionMethods
{
    public static void Save(this Tensor tensor, BinaryWriter writer)
    {
        writer.Encode((int)tensor.dtype);
        long[] shape = tensor.shape;
        writer.Encode(shape.Length);
        foreach (long length in shape)
        {
            writer.Encode(length);
        }

        writer.Flush();
        tensor.WriteBytesToStream(writer.BaseStream);
    }

    public static void Save(this Tensor tensor, Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        tensor.Save(writer);
    }

    public static void Save(this Tensor tensor, string location)
    {
        using FileStream stream = File.Create(location);
        tensor.Save(stream);
    }

    /// <summary>Overwrites a tensor with a stored one of the same type and shape.</summary>
    public static void Load(this Tensor tensor, BinaryReader reader, bool skip = false)
    {
        (ScalarType type, long[] shape) = ReadHeader(reader);
        if (skip)
        {
            using Tensor ignored = empty(shape, type);
            ignored.ReadBytesFromStream(reader.BaseStream);
            return;
        }

        if (type != tensor.dtype || !shape.AsSpan().SequenceEqual(tensor.shape))
        {
            throw new ArgumentException($"stored tensor {type} [{string.Join(',', shape)}] does not fit {tensor.dtype} [{string.Join(',', tensor.shape)}]");
        }

        tensor.ReadBytesFromStream(reader.BaseStream);
    }

    public static Tensor Load(BinaryReader reader, bool skip = false)
    {
        (ScalarType type, long[] shape) = ReadHeader(reader);
        Tensor tensor = empty(shape, type);
        tensor.ReadBytesFromStream(reader.BaseStream);
        return tensor;
    }

    private static (ScalarType Type, long[] Shape) ReadHeader(BinaryReader reader)
    {
        var type = (ScalarType)reader.Decode();
        if (!Enum.IsDefined(type))
        {
            throw new FormatException($"stored tensor has the unknown element type {(int)type}");
        }

        long dimensions = reader.Decode();
        if (dimensions is < 0 or > 64)
        {
            throw new FormatException($"stored tensor has {dimensions} dimensions");
        }

        var shape = new long[dimensions];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = reader.Decode();
        }

        return (type, shape);
    }
}

public static partial class torch
{
    public static void save(Tensor t, string location) => t.save(location);

    public static Tensor load(string location) => Tensor.load(location);

    public partial class Tensor
    {
        /// <summary>Writes one tensor to a file, in the format of Save.</summary>
        public void save(string location) => this.Save(location);

        public static Tensor load(string location)
        {
            using FileStream stream = File.OpenRead(location);
            return Load(stream);
        }

        public static Tensor Load(BinaryReader reader) => TensorExtensionMethods.Load(reader);

        public static Tensor Load(Stream stream)
        {
            using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
            return Load(reader);
        }

        public static Tensor Load(string location) => load(location);
    }
}
