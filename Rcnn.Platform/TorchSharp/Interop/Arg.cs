using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>
/// An argument of an operator. Made by implicit conversion from what the operator takes; a null tensor, scalar or list is None.
/// It owns nothing native: it refers to the managed object until the call is over.
/// </summary>
internal readonly unsafe struct Arg
{
    internal readonly object? Owner;
    private readonly long _first;
    private readonly long _second;
    private readonly Tag _tag;
    private readonly int _count;

    private Arg(Tag tag, long first = 0, long second = 0, int count = 0, object? owner = null)
    {
        _tag = tag;
        _first = first;
        _second = second;
        _count = count;
        Owner = owner;
    }

    internal static Arg None => default;

    /// <summary>The default of the schema.</summary>
    internal static Arg Default => new(Tag.Default);

    public static implicit operator Arg(Tensor? tensor) => tensor is null ? default : new(Tag.Tensor, owner: tensor);

    public static implicit operator Arg(long value) => new(Tag.Int, value);

    public static implicit operator Arg(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator Arg(bool value) => new(Tag.Bool, value ? 1 : 0);

    public static implicit operator Arg(long? value) => value is { } v ? v : default(Arg);

    public static implicit operator Arg(double? value) => value is { } v ? v : default(Arg);

    public static implicit operator Arg(bool? value) => value is { } v ? v : default(Arg);

    public static implicit operator Arg(Scalar? scalar) => scalar is null ? default : new(scalar.Tag, scalar.Bits);

    public static implicit operator Arg(ScalarType type) => new(Tag.Int, (long)type);

    public static implicit operator Arg(ScalarType? type) => type is { } t ? t : default(Arg);

    public static implicit operator Arg(Device? device) => device is null ? default : new(Tag.Device, device.index, count: (int)device.type);

    public static implicit operator Arg(Generator? generator) => generator is null ? default : new(Tag.Generator, owner: generator);

    public static implicit operator Arg(string? text) => text is null ? default : new(Tag.String, owner: Encoding.UTF8.GetBytes(text));

    public static implicit operator Arg(long[]? list) => list is null ? default : new(Tag.Ints, count: list.Length, owner: list);

    public static implicit operator Arg(double[]? list) => list is null ? default : new(Tag.Doubles, count: list.Length, owner: list);

    public static implicit operator Arg((long First, long Second) pair) => new(Tag.Ints, pair.First, pair.Second, 2);

    /// <summary>A list of numbers, without an allocation up to two of them.</summary>
    public static implicit operator Arg(ReadOnlySpan<long> list) => list.Length switch
    {
        0 => new Arg(Tag.Ints),
        1 => new Arg(Tag.Ints, list[0], 0, 1),
        2 => new Arg(Tag.Ints, list[0], list[1], 2),
        _ => list.ToArray(),
    };

    internal static Arg Tensors(IReadOnlyList<Tensor> tensors) => new(Tag.Tensors, count: tensors.Count, owner: tensors as Tensor[] ?? tensors.ToArray());

    /// <summary>A list in which null stands for "no tensor", as index() takes it.</summary>
    internal static Arg OptionalTensors(Tensor?[] tensors) => new(Tag.OptionalTensors, count: tensors.Length, owner: tensors);

    /// <summary>How many 8-byte words <see cref="Write"/> puts into its buffer.</summary>
    internal int Words => _tag switch
    {
        Tag.Ints or Tag.Doubles or Tag.Tensors or Tag.OptionalTensors => _count,
        Tag.String => (((byte[])Owner!).Length + 7) / 8,
        _ => 0,
    };

    internal long* Write(Value* value, long* buffer)
    {
        value->Tag = _tag;
        value->Count = _count;
        value->Bits = _first;
        switch (_tag)
        {
            case Tag.Tensor:
                value->Bits = Unsafe.As<Tensor>(Owner!).Handle;
                return buffer;
            case Tag.Generator:
                value->Bits = Unsafe.As<Generator>(Owner!).Handle;
                return buffer;
            case Tag.Ints or Tag.Doubles or Tag.Tensors or Tag.OptionalTensors:
                value->Bits = (long)buffer;
                Copy(buffer);
                return buffer + _count;
            case Tag.String:
                byte[] bytes = (byte[])Owner!;
                bytes.CopyTo(new Span<byte>(buffer, bytes.Length));
                value->Bits = (long)buffer;
                value->Count = bytes.Length;
                return buffer + Words;
            default:
                return buffer;
        }
    }

    private void Copy(long* buffer)
    {
        switch (Owner)
        {
            case null:
                if (_count > 0)
                {
                    buffer[0] = _first;
                }

                if (_count > 1)
                {
                    buffer[1] = _second;
                }

                break;
            case long[] numbers:
                numbers.CopyTo(new Span<long>(buffer, _count));
                break;
            case double[] numbers:
                MemoryMarshal.Cast<double, long>(numbers).CopyTo(new Span<long>(buffer, _count));
                break;
            case Tensor?[] tensors:
                for (int i = 0; i < tensors.Length; i++)
                {
                    buffer[i] = tensors[i]?.Handle ?? 0;
                }

                break;
        }
    }
}
