using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Flat access to float32 tensors on the CPU whose elements fill their memory without holes, in whatever order of dimensions.</summary>
internal static unsafe class DenseMemory
{
    /// <summary>True when both are such tensors of the same shape, with the same order in memory.</summary>
    public static bool SameLayout(Tensor a, Tensor b)
    {
        if (!IsFloatOnCpu(a) || !IsFloatOnCpu(b))
        {
            return false;
        }

        long[] shape = a.shape;
        if (!shape.AsSpan().SequenceEqual(b.shape))
        {
            return false;
        }

        long[] strideA = a.stride(), strideB = b.stride();
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i] > 1 && strideA[i] != strideB[i])
            {
                return false;
            }
        }

        return IsDense(shape, strideA);
    }

    /// <summary>True for one such tensor.</summary>
    public static bool IsFlat(Tensor a) => IsFloatOnCpu(a) && IsDense(a.shape, a.stride());

    public static float* Pointer(Tensor tensor) => (float*)tensor.DataPointer;

    /// <summary>Calls <paramref name="body"/> for 0 … <paramref name="count"/> − 1 on at most as many threads as libtorch uses.</summary>
    public static void ForEach(int count, Action<int> body)
    {
        int threads = Math.Min(get_num_threads(), count);
        if (threads <= 1)
        {
            for (int i = 0; i < count; i++)
            {
                body(i);
            }
        }
        else
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, body);
        }
    }

    private static bool IsFloatOnCpu(Tensor tensor) => tensor.dtype == ScalarType.Float32 && tensor.device_type == DeviceType.CPU;

    private static bool IsDense(long[] shape, long[] stride)
    {
        long expected = 1;
        int left = shape.Count(n => n > 1);
        while (left > 0)
        {
            int next = -1;
            for (int i = 0; i < shape.Length; i++)
            {
                if (shape[i] > 1 && stride[i] == expected)
                {
                    next = i;
                    break;
                }
            }

            if (next < 0)
            {
                return false;
            }

            expected *= shape[next];
            left--;
        }

        return true;
    }
}
