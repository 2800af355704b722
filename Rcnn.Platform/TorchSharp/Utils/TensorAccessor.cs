using System.Collections;
using TorchSharp.Interop;

namespace TorchSharp.Utils;

/// <summary>The elements of a CPU tensor. It keeps the tensor's memory alive; element access follows the strides.</summary>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T>
    where T : unmanaged
{
    // An alias: it shares memory with the tensor and survives the tensor's Dispose.
    private readonly torch.Tensor _tensor;
    private readonly T* _data;
    private readonly long[] _shape;
    private readonly long[] _strides;
    private readonly bool _dense;

    internal TensorAccessor(torch.Tensor tensor)
    {
        torch.Tensor.RequireType<T>(tensor.dtype);
        TensorInfo info = tensor.CpuInfo();
        _tensor = new torch.Tensor(tensor.Retain()).DetachFromDisposeScope();
        _data = (T*)info.Data;
        _shape = tensor.shape;
        _strides = tensor.stride();
        _dense = info.Flags.HasFlag(InfoFlags.Contiguous);
        Count = info.Elements;
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    /// <summary>By one index per dimension, or by one index into the elements in logical order.</summary>
    public T this[params long[] indices]
    {
        get
        {
            T value = *Address(indices);
            GC.KeepAlive(this);
            return value;
        }

        set
        {
            *Address(indices) = value;
            GC.KeepAlive(this);
        }
    }

    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array.AsSpan());
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        int count = (int)Math.Min(Count - tensorIndex, array.Length - arrayIndex);
        if (_dense)
        {
            new ReadOnlySpan<T>(_data + tensorIndex, count).CopyTo(array[arrayIndex..]);
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                array[arrayIndex + i] = _data[Offset(tensorIndex + i)];
            }
        }

        GC.KeepAlive(this);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        int count = (int)Math.Min(Count - tensorIndex, array.Length - arrayIndex);
        if (_dense)
        {
            array.Slice(arrayIndex, count).CopyTo(new Span<T>(_data + tensorIndex, count));
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                _data[Offset(tensorIndex + i)] = array[arrayIndex + i];
            }
        }

        GC.KeepAlive(this);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++)
        {
            yield return At(i);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => _tensor.Dispose();

    private T At(long index)
    {
        T value = _data[_dense ? index : Offset(index)];
        GC.KeepAlive(this);
        return value;
    }

    private T* Address(long[] indices)
    {
        ObjectDisposedException.ThrowIf(_tensor.IsInvalid, this);
        if (indices.Length == 1 && _shape.Length != 1)
        {
            if (indices[0] < 0 || indices[0] >= Count)
            {
                throw new IndexOutOfRangeException($"element {indices[0]} of {Count}");
            }

            return _data + (_dense ? indices[0] : Offset(indices[0]));
        }

        if (indices.Length != _shape.Length)
        {
            throw new ArgumentException($"{indices.Length} indices for a tensor with {_shape.Length} dimensions");
        }

        long offset = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            if (indices[i] < 0 || indices[i] >= _shape[i])
            {
                throw new IndexOutOfRangeException($"index {indices[i]} in dimension {i} of length {_shape[i]}");
            }

            offset += indices[i] * _strides[i];
        }

        return _data + offset;
    }

    private long Offset(long index)
    {
        long offset = 0;
        for (int d = _shape.Length - 1; d >= 0; d--)
        {
            offset += index % _shape[d] * _strides[d];
            index /= _shape[d];
        }

        return offset;
    }
}
