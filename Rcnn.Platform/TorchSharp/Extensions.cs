using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Reading single numbers, and writing tensors to streams.</summary>
public static partial class TensorExtensionMethods
{
    public static float ToSingle(this Tensor value) => value.ToScalar().ToSingle();

    public static double ToDouble(this Tensor value) => value.ToScalar().ToDouble();

    public static sbyte ToSByte(this Tensor value) => value.ToScalar().ToSByte();

    public static byte ToByte(this Tensor value) => value.ToScalar().ToByte();

    public static short ToInt16(this Tensor value) => value.ToScalar().ToInt16();

    public static int ToInt32(this Tensor value) => value.ToScalar().ToInt32();

    public static long ToInt64(this Tensor value) => value.ToScalar().ToInt64();

    public static bool ToBoolean(this Tensor value) => value.ToScalar().ToBoolean();

    public static int ElementSize(this ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool or ScalarType.QInt8 or ScalarType.QUInt8 => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 or ScalarType.QInt32 => 4,
        ScalarType.Int64 or ScalarType.Float64 or ScalarType.ComplexFloat32 => 8,
        ScalarType.ComplexFloat64 => 16,
        _ => throw new ArgumentException($"unknown type {type}"),
    };

    public static long TotalSize(this IEnumerable<long> shape) => shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>A copy of the data as a tensor of the given shape.</summary>
    public static Tensor ToTensor<T>(this T[] rawArray, long[] dimensions, bool doCopy = false, bool requires_grad = false) => rawArray switch
    {
        float[] data => tensor(data, dimensions, requires_grad: requires_grad),
        double[] data => tensor(data, dimensions, requires_grad: requires_grad),
        long[] data => tensor(data, dimensions, requires_grad: requires_grad),
        int[] data => tensor(data, dimensions, requires_grad: requires_grad),
        byte[] data => tensor(data, dimensions, requires_grad: requires_grad),
        bool[] data => tensor(data, dimensions, requires_grad: requires_grad),
        _ => throw new NotImplementedException($"tensors of {typeof(T).Name}"),
    };
}
