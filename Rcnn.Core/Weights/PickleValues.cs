using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>A dict, OrderedDict or the like: pairs in order of insertion; a repeated key replaces the value.</summary>
internal sealed class PickleDict
{
    private readonly Dictionary<object, int> _index = [];

    public List<(object Key, object? Value)> Items { get; } = [];

    public void Set(object key, object? value)
    {
        if (_index.TryGetValue(key, out int i))
        {
            Items[i] = (key, value);
            return;
        }

        _index.Add(key, Items.Count);
        Items.Add((key, value));
    }
}

/// <summary>A name that a pickle refers to and the reader knows.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A tuple.</summary>
internal sealed record PickleTuple(object?[] Items);

/// <summary>Raw values that tensors look into: the file's entry <paramref name="Key"/>, <paramref name="Count"/> elements from <paramref name="Offset"/> on.</summary>
internal sealed record PickleStorage(string Key, ScalarType Type, long Count, long Offset);

/// <summary>A view of a storage, checked to lie inside it.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    public long Count { get; } = Product(Shape);

    /// <summary>Row-major without gaps.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int d = Shape.Length - 1; d >= 0; d--)
            {
                if (Shape[d] != 1 && Strides[d] != expected)
                {
                    return false;
                }

                expected *= Shape[d];
            }

            return true;
        }
    }

    private static long Product(long[] shape)
    {
        long count = 1;
        foreach (long side in shape)
        {
            count = checked(count * side);
        }

        return count;
    }
}
