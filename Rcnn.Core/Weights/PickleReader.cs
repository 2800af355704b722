using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>
/// A strict reader of Python pickles: a stack machine that builds numbers, text, containers and tensor descriptions and nothing else. It never looks up
/// or runs code: a pickle that names anything but the few builders in <see cref="PickleBuilders"/> is refused with that name. Every length is checked
/// against what is left of the data before anything is allocated, and the machine does not recurse.
/// </summary>
internal sealed class PickleReader(ReadOnlyMemory<byte> data, string source)
{
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;
    private long _copied;

    /// <summary>Element type of every storage named so far.</summary>
    public Dictionary<string, ScalarType> StorageTypes { get; } = [];

    /// <summary>Bytes read so far: behind the STOP of the last pickle.</summary>
    public int Position => _at;

    /// <summary>Reads the pickle that begins at <see cref="Position"/>; its memo starts empty.</summary>
    /// <exception cref="RcnnException">Truncated, malformed or asking for something that is refused; names source and byte.</exception>
    public object? Read()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        try
        {
            while (true)
            {
                int start = _at;
                byte op = Byte();
                if (op == (byte)'.')
                {
                    object? result = Pop();
                    return _stack.Count == 0 ? result : throw Error($"{_stack.Count} values are left over at the end");
                }

                Execute(op, start);
            }
        }
        catch (Exception e) when (e is OverflowException or DecoderFallbackException)
        {
            throw Error(e.Message);
        }
    }

    private void Execute(byte op, int start)
    {
        switch (op)
        {
            case 0x80: // PROTO
                byte protocol = Byte();
                if (protocol is < 2 or > 5)
                {
                    throw Error($"pickle protocol {protocol} is not supported (2 to 5)");
                }

                break;
            case 0x95: // FRAME: only a hint
                Bytes(8);
                break;

            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'K': Push((long)Byte()); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2))); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Bytes(4))); break;
            case 0x8a: Push(Long(Byte())); break;
            case 0x8b: Push(Long(BinaryPrimitives.ReadInt32LittleEndian(Bytes(4)))); break;
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Bytes(8))); break;

            case (byte)'X': Push(Text(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))); break;
            case 0x8c: Push(Text(Byte())); break;
            case 0x8d: Push(Text(Length64())); break;
            case (byte)'U': Push(Latin(Byte())); break;
            case (byte)'T': Push(Latin(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4)))); break;
            case (byte)'C': Push(Bytes(Byte()).ToArray()); break;
            case (byte)'B': Push(Bytes(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))).ToArray()); break;
            case 0x8e: Push(Bytes(Length64()).ToArray()); break;

            case (byte)'(': _marks.Add(_stack.Count); break;
            case (byte)'0': Pop(); break;
            case (byte)'1': PopToMark(); break;
            case (byte)'2': Push(Peek()); break;

            case (byte)')': Push(new PickleTuple([])); break;
            case 0x85: Push(new PickleTuple(PopMany(1))); break;
            case 0x86: Push(new PickleTuple(PopMany(2))); break;
            case 0x87: Push(new PickleTuple(PopMany(3))); break;
            case (byte)'t': Push(new PickleTuple(PopToMark())); break;
            case (byte)']': Push(new List<object?>()); break;
            case (byte)'l': Push(new List<object?>(PopToMark())); break;
            case (byte)'a': Append([Pop()]); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'}': Push(new PickleDict()); break;
            case (byte)'d': Push(new PickleDict()); SetItems(PopUnderTop()); break;
            case (byte)'s': SetItems(PopMany(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case 0x8f: Push(new List<object?>()); break;
            case 0x90: Append(PopToMark()); break;
            case 0x91: Push(new List<object?>(PopToMark())); break;

            case (byte)'q': Put(Byte()); break;
            case (byte)'r': Put(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))); break;
            case 0x94: Put(_memo.Count); break;
            case (byte)'h': Get(Byte()); break;
            case (byte)'j': Get(BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4))); break;

            case (byte)'c':
                Push(Global(Line(), Line()));
                break;
            case 0x93: // STACK_GLOBAL
                object?[] pair = PopMany(2);
                Push(pair is [string module, string name] ? Global(module, name) : throw Error("a name that is no text"));
                break;
            case (byte)'R':
                Push(Call(PopMany(2)));
                break;
            case (byte)'Q':
                Push(Storage(Pop()));
                break;
            case (byte)'b': // BUILD: attributes of an OrderedDict or a parameter; they carry no weights
                Pop();
                if (Peek() is not (PickleDict or PickleTensor))
                {
                    throw Error($"sets attributes of {Describe(Peek())}: refused");
                }

                break;

            default:
                _at = start;
                throw Error($"opcode 0x{op:x2} is not accepted (objects of classes and text-mode pickles are refused)");
        }
    }

    private PickleGlobal Global(string module, string name)
    {
        var global = new PickleGlobal(module, name);
        return PickleBuilders.IsKnown(global) ? global : throw Error($"pickle asks for {Printable(module)}.{Printable(name)}: refused");
    }

    private object Call(object?[] call)
    {
        if (call is not [PickleGlobal function, PickleTuple arguments])
        {
            throw Error($"calls {Describe(call[0])}: refused");
        }

        // A list may be copied once, not again and again out of the memo.
        _copied += arguments.Items is [List<object?> list] ? list.Count : 0;
        return _copied <= data.Length ? PickleBuilders.Call(function, arguments.Items, Error) : throw Error("copies the same lists over and over: refused");
    }

    private PickleStorage Storage(object? id)
    {
        PickleStorage storage = id is PickleTuple tuple ? PickleBuilders.Storage(tuple.Items, Error) : throw Error("a storage id that is no tuple");
        return StorageTypes.TryAdd(storage.Key, storage.Type) || StorageTypes[storage.Key] == storage.Type
            ? storage
            : throw Error($"storage {storage.Key} as {StorageTypes[storage.Key]} and as {storage.Type}");
    }

    private void Append(object?[] values)
    {
        if (Peek() is not List<object?> list)
        {
            throw Error($"appends to {Describe(Peek())}");
        }

        list.AddRange(values);
    }

    private void SetItems(object?[] values)
    {
        if (Peek() is not PickleDict dict || values.Length % 2 != 0)
        {
            throw Error($"sets items of {Describe(Peek())}");
        }

        for (int i = 0; i < values.Length; i += 2)
        {
            dict.Set(values[i] is string or long or bool or double or BigInteger or PickleTuple ? values[i]! : throw Error($"a key that is {Describe(values[i])}"), values[i + 1]);
        }
    }

    /// <summary>The values above the mark, when a new container already lies on top of them.</summary>
    private object?[] PopUnderTop()
    {
        object? top = Pop();
        object?[] values = PopToMark();
        Push(top);
        return values;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw Error("a mark is missing");
        }

        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return Take(mark);
    }

    private object?[] PopMany(int count) => Take(_stack.Count - count);

    private object?[] Take(int from)
    {
        if (from < (_marks.Count == 0 ? 0 : _marks[^1]) || from > _stack.Count)
        {
            throw Error("the stack is too short");
        }

        object?[] values = [.. _stack[from..]];
        _stack.RemoveRange(from, _stack.Count - from);
        return values;
    }

    private object? Pop() => PopMany(1)[0];

    private object? Peek() => _stack.Count > (_marks.Count == 0 ? 0 : _marks[^1]) ? _stack[^1] : throw Error("the stack is too short");

    private void Push(object? value) => _stack.Add(value);

    private void Put(long index) => _memo[index] = Peek();

    private void Get(long index) => Push(_memo.TryGetValue(index, out object? value) ? value : throw Error($"memo {index} is empty"));

    private byte Byte() => Bytes(1)[0];

    private ReadOnlySpan<byte> Bytes(long count)
    {
        if (count < 0 || count > data.Length - _at)
        {
            throw Error($"{count} bytes expected, {data.Length - _at} are left: truncated or damaged");
        }

        ReadOnlySpan<byte> span = data.Span.Slice(_at, (int)count);
        _at += (int)count;
        return span;
    }

    private long Length64()
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));
        return length <= int.MaxValue ? (long)length : throw Error($"{length} bytes expected, {data.Length - _at} are left: truncated or damaged");
    }

    private string Text(long count) => new UTF8Encoding(false, true).GetString(Bytes(count));

    private string Latin(long count) => Encoding.Latin1.GetString(Bytes(count));

    private string Line()
    {
        int length = data.Span[_at..].IndexOf((byte)'\n');
        if (length is < 0 or > 1000)
        {
            throw Error("a name without end: truncated or damaged");
        }

        string text = Encoding.UTF8.GetString(Bytes(length));
        _at++;
        return text;
    }

    /// <summary>Two's complement, little-endian; what does not fit 64 bits stays a big number (the container's magic number).</summary>
    private object Long(int count)
    {
        if (count is < 0 or > 64)
        {
            throw Error($"a number of {count} bytes");
        }

        var value = new BigInteger(Bytes(count));
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    private RcnnException Error(string what) => new($"{source}: byte {_at}: {what}");

    private static string Describe(object? value) => value switch
    {
        null => "None",
        PickleGlobal g => g.ToString(),
        string => "text",
        long or BigInteger or double or bool => "a number",
        PickleTensor => "a tensor",
        PickleStorage => "a storage",
        PickleDict => "a dict",
        List<object?> => "a list",
        PickleTuple => "a tuple",
        _ => "bytes",
    };

    private static string Printable(string text) => new([.. text.Take(80).Select(c => char.IsControl(c) ? '?' : c)]);
}
