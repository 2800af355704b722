using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>Everything a weight pickle may name: containers, storage types, and the functions that describe tensors. Nothing here runs foreign code.</summary>
internal static class PickleBuilders
{
    private static readonly Dictionary<string, ScalarType> StorageTypes = new()
    {
        ["FloatStorage"] = ScalarType.Float32,
        ["DoubleStorage"] = ScalarType.Float64,
        ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16,
        ["LongStorage"] = ScalarType.Int64,
        ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16,
        ["CharStorage"] = ScalarType.Int8,
        ["ByteStorage"] = ScalarType.Byte,
        ["BoolStorage"] = ScalarType.Bool,
    };

    private static readonly HashSet<string> Functions =
    [
        "collections.OrderedDict", "collections.Counter", "collections.defaultdict", "builtins.set", "__builtin__.set", "builtins.dict", "builtins.list",
        "__builtin__.dict", "__builtin__.list", "torch.Size", "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
    ];

    public static bool IsKnown(PickleGlobal global) =>
        Functions.Contains(global.ToString()) || (global.Module == "torch" && StorageTypes.ContainsKey(global.Name));

    /// <summary>Bytes of one element.</summary>
    public static int Size(ScalarType type) => type switch
    {
        ScalarType.Float64 or ScalarType.Int64 => 8,
        ScalarType.Float32 or ScalarType.Int32 => 4,
        ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Int16 => 2,
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        _ => throw new NotSupportedException($"tensors of {type}"),
    };

    /// <summary>Applies a known builder.</summary>
    /// <param name="error">Makes the exception for arguments that do not fit.</param>
    public static object Call(PickleGlobal function, object?[] arguments, Func<string, RcnnException> error)
    {
        switch (function.Name, arguments)
        {
            case ("OrderedDict" or "Counter" or "dict", []):
                return new PickleDict();
            case ("OrderedDict" or "dict", [List<object?> pairs]):
                var dict = new PickleDict();
                foreach (object? pair in pairs)
                {
                    (object key, object? value) = pair switch
                    {
                        PickleTuple { Items: [string or long, _] } t => (t.Items[0]!, t.Items[1]),
                        List<object?> and [string or long, _] l => (l[0]!, l[1]),
                        _ => throw error($"{function} of something else than pairs"),
                    };
                    dict.Set(key, value);
                }

                return dict;
            case ("Counter", [PickleDict given]):
                return given;
            case ("defaultdict", [] or [null or PickleGlobal]):
                return new PickleDict();
            case ("set" or "list", []):
                return new List<object?>();
            case ("set" or "list", [List<object?> items]):
                return items;
            case ("Size", [PickleTuple size]):
                return size;
            case ("_rebuild_tensor_v2", [PickleStorage storage, long offset, PickleTuple size, PickleTuple stride, bool, PickleDict or null, ..]) when arguments.Length <= 7:
                return Tensor(storage, offset, size, stride, error);
            case ("_rebuild_tensor", [PickleStorage storage, long offset, PickleTuple size, PickleTuple stride]):
                return Tensor(storage, offset, size, stride, error);
            case ("_rebuild_parameter", [PickleTensor tensor, bool, PickleDict or null]):
                return tensor;
            default:
                throw error($"{function} with arguments it does not take: refused");
        }
    }

    private const long MaxCount = 1L << 48;

    /// <summary>("storage", type, key, location, count[, view]) where view is None or (key, offset, count) into the storage called key.</summary>
    public static PickleStorage Storage(object?[] id, Func<string, RcnnException> error)
    {
        if (id is not ["storage", PickleGlobal { Module: "torch" } type, string or long, string, long and >= 0 and <= MaxCount, ..] || id.Length > 6
            || !StorageTypes.TryGetValue(type.Name, out ScalarType scalar))
        {
            throw error("a storage id of unknown form");
        }

        string key = id[2]!.ToString()!;
        long count = (long)id[4]!;
        if (id.Length == 6 && id[5] is PickleTuple view)
        {
            return view.Items is [string or long, long and >= 0 and <= MaxCount, long and >= 0 and <= MaxCount]
                ? new PickleStorage(key, scalar, (long)view.Items[2]!, (long)view.Items[1]!)
                : throw error("a storage view of unknown form");
        }

        return new PickleStorage(key, scalar, count, 0);
    }

    private static PickleTensor Tensor(PickleStorage storage, long offset, PickleTuple size, PickleTuple stride, Func<string, RcnnException> error)
    {
        long[] shape = Numbers(size, error), strides = Numbers(stride, error);
        if (shape.Length != strides.Length || offset < 0)
        {
            throw error($"a tensor with {shape.Length} sides, {strides.Length} strides and offset {offset}");
        }

        try
        {
            long count = 1, last = offset;
            for (int d = 0; d < shape.Length; d++)
            {
                count = checked(count * shape[d]);
            }

            for (int d = 0; d < shape.Length && count > 0; d++)
            {
                last = checked(last + ((shape[d] - 1) * strides[d]));
            }

            if (count > 0 && (last >= storage.Count || count > storage.Count))
            {
                throw error($"a tensor [{string.Join(",", shape)}] at offset {offset} reaches beyond its storage of {storage.Count} values");
            }
        }
        catch (OverflowException)
        {
            throw error($"a tensor [{string.Join(",", shape)}]: too large");
        }

        return new PickleTensor(storage, offset, shape, strides);
    }

    private static long[] Numbers(PickleTuple tuple, Func<string, RcnnException> error) =>
        tuple.Items.Length > 16 ? throw error($"a tensor with {tuple.Items.Length} sides")
        : [.. tuple.Items.Select(v => v is long and >= 0 ? (long)v : throw error("sides and strides are whole numbers ≥ 0"))];
}
