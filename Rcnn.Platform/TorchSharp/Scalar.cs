using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>A number as an argument of a tensor operation. It owns nothing native, so it can neither leak nor die under a call.</summary>
public sealed class Scalar : IDisposable
{
    private Scalar(Tag tag, long bits, torch.ScalarType type)
    {
        Tag = tag;
        Bits = bits;
        Type = type;
    }

    public torch.ScalarType Type { get; }

    internal Tag Tag { get; }

    internal long Bits { get; }

    internal double AsDouble => Tag == Tag.Double ? BitConverter.Int64BitsToDouble(Bits) : Bits;

    internal long AsInt64 => Tag == Tag.Double ? (long)BitConverter.Int64BitsToDouble(Bits) : Bits;

    public static implicit operator Scalar(byte value) => new(Tag.Int, value, torch.ScalarType.Byte);

    public static implicit operator Scalar(sbyte value) => new(Tag.Int, value, torch.ScalarType.Int8);

    public static implicit operator Scalar(short value) => new(Tag.Int, value, torch.ScalarType.Int16);

    public static implicit operator Scalar(int value) => new(Tag.Int, value, torch.ScalarType.Int32);

    public static implicit operator Scalar(long value) => new(Tag.Int, value, torch.ScalarType.Int64);

    public static implicit operator Scalar(Half value) => Of((double)value, torch.ScalarType.Float16);

    public static implicit operator Scalar(float value) => Of(value, torch.ScalarType.Float32);

    public static implicit operator Scalar(double value) => Of(value, torch.ScalarType.Float64);

    public static implicit operator Scalar(bool value) => new(Tag.Bool, value ? 1 : 0, torch.ScalarType.Bool);

    /// <summary>Does nothing; here because TorchSharp's scalar owns native memory.</summary>
    public void Dispose()
    {
    }

    internal static Scalar Of(Value value) => value.Tag switch
    {
        Tag.Double => BitConverter.Int64BitsToDouble(value.Bits),
        Tag.Bool => value.Bits != 0,
        Tag.Int => value.Bits,
        _ => throw new InvalidOperationException($"a scalar expected, got {value.Tag}"),
    };

    private static Scalar Of(double value, torch.ScalarType type) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value), type);
}

public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;

    public static Scalar ToScalar(this short value) => value;

    public static Scalar ToScalar(this int value) => value;

    public static Scalar ToScalar(this long value) => value;

    public static Scalar ToScalar(this float value) => value;

    public static Scalar ToScalar(this double value) => value;

    public static Scalar ToScalar(this bool value) => value;

    public static float ToSingle(this Scalar value) => (float)value.AsDouble;

    public static double ToDouble(this Scalar value) => value.AsDouble;

    public static sbyte ToSByte(this Scalar value) => checked((sbyte)value.AsInt64);

    public static byte ToByte(this Scalar value) => checked((byte)value.AsInt64);

    public static short ToInt16(this Scalar value) => checked((short)value.AsInt64);

    public static int ToInt32(this Scalar value) => checked((int)value.AsInt64);

    public static long ToInt64(this Scalar value) => value.AsInt64;

    public static bool ToBoolean(this Scalar value) => value.AsDouble != 0;
}
