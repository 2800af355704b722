using TorchSharp;
using static TorchSharp.torch;
#if !OFFICIAL
using TorchSharp.Interop;
#endif

namespace Rcnn.Ops;

/// <summary>
/// What TorchSharp 0.107 lacks, in one place: memory layout, data pointers, threads of all parts, memory figures, the CUDA stream.
/// With the official packages each member does its best, or throws NotSupportedException with the reason.
/// </summary>
public static unsafe class Engine
{
    /// <summary>Version of the libtorch in use, as in "1.13.0".</summary>
    public static string LibtorchVersion => __version__;

    /// <summary>Threads of libtorch, of the BLAS below it and of managed loops that ask here. At least 1.</summary>
    public static int Threads
    {
        get => get_num_threads();
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            set_num_threads(value);
        }
    }

    /// <summary>Bytes that this process has in memory now.</summary>
    public static long ResidentBytes => Status("VmRSS:");

    /// <summary>The most bytes that this process ever had in memory.</summary>
    public static long PeakResidentBytes => Status("VmHWM:");

    /// <summary>Resident bytes outside of the managed heap: tensors, libtorch's own code and caches. libtorch keeps no count of CPU memory.</summary>
    public static long AllocatedBytes => Math.Max(0, ResidentBytes - GC.GetTotalMemory(forceFullCollection: false));

    /// <summary>
    /// <paramref name="input"/> [N,C,H,W] with the channels innermost in memory: shape and values stay. A tensor that is so already comes back as
    /// another object for the same memory.
    /// </summary>
    public static Tensor ChannelsLast(Tensor input)
    {
        RequireFour(input);
#if OFFICIAL
        return IsChannelsLast(input) ? input.alias() : input.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
#else
        return Aten.contiguous.Call(input, 2);
#endif
    }

    /// <summary>Whether [N,C,H,W] lies with the channels innermost. A tensor of one channel or of 1×1 pixels can be both this and contiguous.</summary>
    public static bool IsChannelsLast(Tensor input)
    {
        if (input.dim() != 4)
        {
            return false;
        }
#if OFFICIAL
        return input.permute(0, 2, 3, 1).is_contiguous();
#else
        return input.IsChannelsLast;
#endif
    }

    /// <summary>Where the first element of a CPU tensor lies; 0 when it is empty. The memory lives as long as the tensor: keep a reference to it.</summary>
    public static nint Pointer(Tensor input)
    {
        if (input.device_type != DeviceType.CPU)
        {
            throw new ArgumentException($"pointer to a CPU tensor asked for, got one on {input.device}");
        }

        return AnyPointer(input);
    }

    /// <summary>As <see cref="Pointer"/>, on any device: for kernels that run there.</summary>
    public static nint DevicePointer(Tensor input) => AnyPointer(input);

    /// <summary>A CPU tensor [<paramref name="shape"/>] with a copy of <paramref name="data"/>, whose length must be that of the tensor in bytes.</summary>
    public static Tensor FromBytes(ReadOnlySpan<byte> data, ReadOnlySpan<long> shape, ScalarType type)
    {
        Tensor result = empty(shape, type);
        if (data.Length != result.numel() * result.element_size())
        {
            long expected = result.numel() * result.element_size();
            result.Dispose();
            throw new ArgumentException($"{data.Length} bytes for a tensor {type} [{string.Join(',', shape.ToArray())}] of {expected} bytes");
        }

        if (data.Length > 0)
        {
            data.CopyTo(new Span<byte>((void*)AnyPointer(result), data.Length));
        }

        return result;
    }

    /// <summary>
    /// Makes the memory of <paramref name="target"/> that of <paramref name="source"/>, with its layout, while the object, and what autograd and optimizers know of it,
    /// stays. For parameters that change their layout.
    /// </summary>
    public static void Replace(Tensor target, Tensor source)
    {
#if OFFICIAL
        using IDisposable quiet = no_grad();
        target.set_(source);
#else
        Aten.set_data.Do(target, source);
#endif
    }

    /// <summary>
    /// Counts the changes made to the values of <paramref name="tensor"/> in place; equal counts mean that what was derived from them still holds.
    /// The official packages do not tell: each call gives another number there.
    /// </summary>
    public static long Version(Tensor tensor)
    {
#if OFFICIAL
        return Interlocked.Increment(ref _unknownVersion);
#else
        return Aten._version.CallValue(tensor).Bits;
#endif
    }

#if OFFICIAL
    private static long _unknownVersion;
#endif

    /// <summary>
    /// Until the result is disposed, on the thread that called: convolutions and matrix products on <paramref name="device"/> are computed in <paramref name="type"/>,
    /// whatever the type of their float32 arguments, which keep their own type and get gradients in it. Backward passes need no autocast of their own.
    /// </summary>
    /// <param name="device">CPU (bfloat16 only) or CUDA.</param>
    /// <param name="type">bfloat16 or float16.</param>
    /// <exception cref="ArgumentException">Another device or type.</exception>
    /// <exception cref="NotSupportedException">With the official packages, which do not reach libtorch's switches.</exception>
    public static IDisposable Autocast(DeviceType device, ScalarType type)
    {
        if (!(device == DeviceType.CUDA && type is ScalarType.Float16 or ScalarType.BFloat16) && !(device == DeviceType.CPU && type == ScalarType.BFloat16))
        {
            throw new ArgumentException($"bfloat16 on CPU, bfloat16 or float16 on CUDA expected, got {type} on {device}");
        }
#if OFFICIAL
        throw new NotSupportedException("TorchSharp 0.107 has no autocast");
#else
        long previous;
        Native.Check(Native.rcnn_autocast_enter((int)device, (int)type, &previous));
        return new AutocastScope((int)device, previous);
#endif
    }

    /// <summary>The type in which convolutions on <paramref name="device"/> are computed on this thread by <see cref="Autocast"/>; null for their own.</summary>
    public static ScalarType? AutocastType(DeviceType device)
    {
#if OFFICIAL
        return null;
#else
        int type = Native.rcnn_autocast_type((int)device);
        return type < 0 ? null : (ScalarType)type;
#endif
    }

    /// <summary>
    /// Until the result is disposed, on the thread that called: no gradients, for a pass within a step whose layers run again with them. Plain <c>no_grad</c> would do without
    /// <see cref="Autocast"/>; under it, libtorch keeps the weights that it cast, here without their graph, and the second pass would take them and learn nothing.
    /// </summary>
    public static IDisposable WithoutGradients()
    {
#if OFFICIAL
        return no_grad();
#else
        return new QuietScope(no_grad(), Native.rcnn_autocast_cache(0));
#endif
    }

#if !OFFICIAL
    private sealed class AutocastScope(int device, long previous) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!_ended)
            {
                _ended = true;
                Native.Check(Native.rcnn_autocast_exit(device, previous));
            }
        }
    }

    private sealed class QuietScope(IDisposable quiet, int cache) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!_ended)
            {
                _ended = true;
                _ = Native.rcnn_autocast_cache(cache);
                quiet.Dispose();
            }
        }
    }
#endif

    /// <summary>The stream (CUstream) on which libtorch works on the current device; for kernels launched beside it.</summary>
    public static nint CudaStream(int device = 0)
    {
#if OFFICIAL
        // TorchSharp works on the default stream and cannot change it.
        return 0;
#else
        nint stream;
        Native.Check(Native.rcnn_cuda_stream(device, &stream));
        return stream;
#endif
    }

    /// <summary>Bytes a second between a CUDA device and its memory, by the clock and bus width that its driver names; 0 where it names none.</summary>
    public static double CudaBandwidth(int device = 0) => Cuda.CudaLauncher.Of(device).Bandwidth;

    private static nint AnyPointer(Tensor input)
    {
#if OFFICIAL
        if (input.numel() == 0)
        {
            return 0;
        }

        // A storage of one byte per element serves every type: only the address counts.
        nint start = input.view(-1).storage<byte>().data_ptr();
        return start + (nint)(input.storage_offset() * input.element_size());
#else
        return input.DataPointer;
#endif
    }

    private static void RequireFour(Tensor input)
    {
        if (input.dim() != 4)
        {
            throw new ArgumentException($"input [N,C,H,W] expected, got [{string.Join(',', input.shape)}]");
        }
    }

    private static long Status(string key)
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(key, StringComparison.Ordinal))
            {
                return 1024 * long.Parse(line.AsSpan(key.Length, line.Length - key.Length - 2).Trim(), System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }
}
