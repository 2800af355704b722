using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Rcnn.Core;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>
/// An array in NumPy's <c>.npy</c> format (versions 1 to 3), C order, little-endian: float32, float64, int64, uint8 and, beyond what the golden
/// files use, bool, int32 and int16. <see cref="Data"/> is the flat array; shape () is a scalar with one element, (0, 4) holds none.
/// </summary>
internal sealed partial class NpyArray
{
    public NpyArray(Array data, long[] shape)
    {
        long count = 1;
        foreach (long side in shape)
        {
            count = checked(count * side);
        }

        if (count != data.Length)
        {
            throw new ArgumentException($"shape {ShapeText(shape)} holds {count} values, got {data.Length}");
        }

        if (data is not (float[] or double[] or long[] or byte[] or bool[] or int[] or short[]))
        {
            throw new ArgumentException($"unsupported element type {data.GetType().GetElementType()}");
        }

        (Data, Shape) = (data, shape);
    }

    /// <summary>One of float[], double[], long[], byte[], bool[], int[], short[].</summary>
    public Array Data { get; }

    public long[] Shape { get; }

    public int Length => Data.Length;

    /// <summary>NumPy's name: float32, float64, int64, uint8, bool, int32, int16.</summary>
    public string DType => Data switch
    {
        float[] => "float32",
        double[] => "float64",
        long[] => "int64",
        byte[] => "uint8",
        bool[] => "bool",
        int[] => "int32",
        _ => "int16",
    };

    public bool IsInteger => Data is not (float[] or double[]);

    public string ShapeName => ShapeText(Shape);

    /// <summary>Element <paramref name="i"/> of the flat array as float64 (exact but for integers beyond 2^53).</summary>
    public double At(int i) => Data switch
    {
        float[] a => a[i],
        double[] a => a[i],
        long[] a => a[i],
        byte[] a => a[i],
        bool[] a => a[i] ? 1 : 0,
        int[] a => a[i],
        short[] a => a[i],
        _ => throw new InvalidOperationException(),
    };

    /// <summary>Element <paramref name="i"/> of an integer array.</summary>
    public long LongAt(int i) => Data switch
    {
        long[] a => a[i],
        byte[] a => a[i],
        bool[] a => a[i] ? 1 : 0,
        int[] a => a[i],
        short[] a => a[i],
        _ => throw new InvalidOperationException($"{DType} is no integer type"),
    };

    public double[] ToDoubles() => Data is double[] own ? own : Convert(At);

    public float[] ToFloats() => Data is float[] own ? own : Convert(i => (float)At(i));

    public long[] ToLongs() => Data is long[] own ? own : Convert(LongAt);

    public byte[] ToBytes() => Data is byte[] own ? own : Convert(i => checked((byte)LongAt(i)));

    /// <summary>A tensor of the same dtype and shape; empty and scalar shapes are kept.</summary>
    public Tensor ToTensor(Device device)
    {
        Tensor onCpu = Data switch
        {
            float[] a => a.Length == 0 ? zeros(Shape, ScalarType.Float32) : tensor(a, Shape),
            double[] a => a.Length == 0 ? zeros(Shape, ScalarType.Float64) : tensor(a, Shape),
            long[] a => a.Length == 0 ? zeros(Shape, ScalarType.Int64) : tensor(a, Shape),
            byte[] a => a.Length == 0 ? zeros(Shape, ScalarType.Byte) : tensor(a, Shape),
            bool[] a => a.Length == 0 ? zeros(Shape, ScalarType.Bool) : tensor(a, Shape),
            int[] a => a.Length == 0 ? zeros(Shape, ScalarType.Int32) : tensor(a, Shape),
            _ => throw new NotSupportedException($"no tensor of {DType}"),
        };
        return device.type == TorchSharp.DeviceType.CPU ? onCpu : onCpu.to(device);
    }

    /// <summary>A copy of the values of <paramref name="source"/>, wherever it lives; float16 and bfloat16 become float32.</summary>
    public static NpyArray FromTensor(Tensor source)
    {
        using Tensor plain = source.detach().cpu().contiguous();
        long[] shape = [.. source.shape];
        switch (plain.dtype)
        {
            case ScalarType.Float32: return new NpyArray(plain.data<float>().ToArray(), shape);
            case ScalarType.Float64: return new NpyArray(plain.data<double>().ToArray(), shape);
            case ScalarType.Int64: return new NpyArray(plain.data<long>().ToArray(), shape);
            case ScalarType.Byte: return new NpyArray(plain.data<byte>().ToArray(), shape);
            case ScalarType.Bool: return new NpyArray(plain.data<bool>().ToArray(), shape);
            case ScalarType.Int32: return new NpyArray(plain.data<int>().ToArray(), shape);
            default:
                using (Tensor single = plain.to(ScalarType.Float32))
                {
                    return new NpyArray(single.data<float>().ToArray(), shape);
                }
        }
    }

    /// <exception cref="RcnnException">Not an .npy file, truncated, Fortran order or an unsupported dtype; names the file and the value.</exception>
    public static NpyArray Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (IOException e)
        {
            throw new RcnnException($"{file}: {e.Message}", 1, e);
        }

        return Parse(bytes, file);
    }

    internal static NpyArray Parse(byte[] bytes, string file)
    {
        if (bytes.Length < 10 || bytes[0] != 0x93 || Encoding.ASCII.GetString(bytes, 1, 5) != "NUMPY")
        {
            throw new RcnnException($"{file}: no .npy file (magic bytes missing)");
        }

        bool wide = bytes[6] >= 2;
        int start = wide ? 12 : 10;
        long headerLength = bytes.Length < start ? -1
            : wide ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)) : BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        if (bytes[6] is 0 or > 3 || headerLength < 0 || headerLength > bytes.Length - start)
        {
            throw new RcnnException($"{file}: npy version {bytes[6]} with a header of {headerLength} bytes in a file of {bytes.Length}");
        }

        string header = Encoding.Latin1.GetString(bytes, start, (int)headerLength);
        string descr = Field(DescrPattern(), header, "descr", file);
        string fortran = Field(OrderPattern(), header, "fortran_order", file);
        string shapeText = Field(ShapePattern(), header, "shape", file);
        long[] shape;
        long count = 1;
        try
        {
            shape = [.. shapeText.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(s => long.Parse(s, NumberStyles.None, CultureInfo.InvariantCulture))];
            foreach (long side in shape)
            {
                count = checked(count * side);
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new RcnnException($"{file}: npy shape '({shapeText})'");
        }

        if (fortran == "True" && shape.Length > 1)
        {
            throw new RcnnException($"{file}: fortran_order True is not supported");
        }

        int size = descr switch
        {
            "<f8" or "<i8" => 8,
            "<f4" or "<i4" => 4,
            "<i2" => 2,
            "|u1" or "|b1" => 1,
            _ => throw new RcnnException($"{file}: npy descr '{descr}' is not supported (<f4 <f8 <i8 |u1 |b1 <i4 <i2)"),
        };
        ReadOnlySpan<byte> body = bytes.AsSpan(start + (int)headerLength);
        if (count > int.MaxValue / size || body.Length != count * size)
        {
            throw new RcnnException($"{file}: shape ({shapeText}) of {descr} takes {(decimal)count * size} bytes, the file has {body.Length}");
        }

        Array data = descr switch
        {
            "<f4" => MemoryMarshal.Cast<byte, float>(body).ToArray(),
            "<f8" => MemoryMarshal.Cast<byte, double>(body).ToArray(),
            "<i8" => MemoryMarshal.Cast<byte, long>(body).ToArray(),
            "<i4" => MemoryMarshal.Cast<byte, int>(body).ToArray(),
            "<i2" => MemoryMarshal.Cast<byte, short>(body).ToArray(),
            "|b1" => MemoryMarshal.Cast<byte, bool>(body).ToArray(),
            _ => body.ToArray(),
        };
        return new NpyArray(data, shape);
    }

    internal static string ShapeText(IReadOnlyList<long> shape) => "[" + string.Join(",", shape) + "]";

    private T[] Convert<T>(Func<int, T> at)
    {
        var result = new T[Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = at(i);
        }

        return result;
    }

    private static string Field(Regex pattern, string header, string name, string file)
    {
        Match match = pattern.Match(header);
        return match.Success ? match.Groups[1].Value : throw new RcnnException($"{file}: npy header without {name}: {header.Trim()}");
    }

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex DescrPattern();

    [GeneratedRegex(@"'fortran_order':\s*(True|False)")]
    private static partial Regex OrderPattern();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex ShapePattern();
}
