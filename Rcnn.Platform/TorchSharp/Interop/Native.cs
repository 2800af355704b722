using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>What a <see cref="Value"/> holds; the order is that of native/torch.cpp.</summary>
internal enum Tag
{
    None,
    Default,
    Tensor,
    Int,
    Double,
    Bool,
    Ints,
    Doubles,
    Tensors,
    OptionalTensors,
    String,
    Device,
    Bools,
    Generator,
}

/// <summary>One argument or result at the native boundary. For a tensor result <see cref="Count"/> is the KiB that it alone keeps alive.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Value
{
    public Tag Tag;
    public int Count;
    public long Bits;
}

[Flags]
internal enum InfoFlags
{
    Contiguous = 1,
    ChannelsLast = 2,
    RequiresGrad = 4,
    Leaf = 8,
    Inference = 16,
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TensorInfo
{
    public void* Data;
    public long* Sizes;
    public long* Strides;
    public long Elements;
    public long StorageOffset;
    public long StorageBytes;
    public int Dimensions;
    public int Dtype;
    public int DeviceType;
    public int DeviceIndex;
    public int ElementSize;
    public InfoFlags Flags;
}

/// <summary>What a managed autograd function sees while it runs; the layout is that of native/torch.cpp.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ManagedCall
{
    public nint Context;
    public nint* Inputs;
    public int InputCount;
    public int Backward;
    public byte* Needed;
    public nint Outputs;
}

/// <summary>The C ABI of native/torch.cpp. Only blittable types cross it.</summary>
internal static unsafe partial class Native
{
    private const string Library = "rcnn_torch";

    [DllImport(Library)] internal static extern byte* rcnn_error();
    [DllImport(Library)] internal static extern byte* rcnn_version();
    [DllImport(Library)] internal static extern void rcnn_initialize();
    [DllImport(Library)] internal static extern void rcnn_release(nint tensor);
    [DllImport(Library), SuppressGCTransition] internal static extern nint rcnn_retain(nint tensor);
    [DllImport(Library), SuppressGCTransition] internal static extern int rcnn_info(nint tensor, TensorInfo* info);
    [DllImport(Library)] internal static extern int rcnn_from_blob(void* data, long* sizes, int dimensions, int dtype, delegate* unmanaged<void*, void> free, void* context, nint* result);
    [DllImport(Library)] internal static extern int rcnn_operator(byte* name, byte* overload, nint* result);
    [DllImport(Library)] internal static extern byte* rcnn_operator_schema(nint op);
    [DllImport(Library)] internal static extern int rcnn_call(nint op, Value* arguments, int count, Value* results, int capacity);
    [DllImport(Library)] internal static extern void rcnn_free(void* memory);
    [DllImport(Library)] internal static extern int rcnn_grad_enabled();
    [DllImport(Library)] internal static extern void rcnn_set_grad_enabled(int on);
    [DllImport(Library)] internal static extern void* rcnn_inference_enter(int on);
    [DllImport(Library)] internal static extern void rcnn_inference_exit(void* guard);
    [DllImport(Library)] internal static extern int rcnn_inference_enabled();
    [DllImport(Library)] internal static extern int rcnn_autocast_type(int deviceType);
    [DllImport(Library)] internal static extern int rcnn_autocast_enter(int deviceType, int dtype, long* previous);
    [DllImport(Library)] internal static extern int rcnn_autocast_exit(int deviceType, long previous);
    [DllImport(Library)] internal static extern int rcnn_autocast_cache(int on);
    [DllImport(Library)] internal static extern int rcnn_set_requires_grad(nint tensor, int on);
    [DllImport(Library)] internal static extern int rcnn_get_grad(nint tensor, nint* grad);
    [DllImport(Library)] internal static extern int rcnn_set_grad(nint tensor, nint grad);
    [DllImport(Library)] internal static extern int rcnn_backward(nint* tensors, int count, nint* gradients, int retain, int create, nint* inputs, int inputCount);
    [DllImport(Library)] internal static extern int rcnn_grad(nint* outputs, int count, nint* inputs, int inputCount, nint* gradients, int retain, int create, int allowUnused, nint* results);
    [DllImport(Library)] internal static extern int rcnn_apply(void* state, delegate* unmanaged<void*, ManagedCall*, long> callback, delegate* unmanaged<void*, void> drop, nint* inputs, int count, Value* result);
    [DllImport(Library)] internal static extern void rcnn_call_output(ManagedCall* call, nint tensor);
    [DllImport(Library)] internal static extern int rcnn_context_save(ManagedCall* call, nint* tensors, int count);
    [DllImport(Library)] internal static extern int rcnn_context_saved(ManagedCall* call, nint* tensors, int capacity);
    [DllImport(Library)] internal static extern int rcnn_context_mark(ManagedCall* call, int dirty, nint* tensors, int count);
    [DllImport(Library)] internal static extern int rcnn_generator_default(int deviceType, int deviceIndex, nint* result);
    [DllImport(Library)] internal static extern int rcnn_generator_new(ulong seed, int deviceType, int deviceIndex, nint* result);
    [DllImport(Library)] internal static extern void rcnn_generator_free(nint generator);
    [DllImport(Library)] internal static extern int rcnn_generator_seed(nint generator, ulong seed);
    [DllImport(Library)] internal static extern ulong rcnn_generator_fresh_seed(nint generator);
    [DllImport(Library)] internal static extern ulong rcnn_generator_initial_seed(nint generator);
    [DllImport(Library)] internal static extern int rcnn_generator_get_state(nint generator, nint* state);
    [DllImport(Library)] internal static extern int rcnn_generator_set_state(nint generator, nint state);
    [DllImport(Library)] internal static extern int rcnn_manual_seed(ulong seed);
    [DllImport(Library)] internal static extern int rcnn_get_threads();
    [DllImport(Library)] internal static extern int rcnn_set_threads(int count);
    [DllImport(Library)] internal static extern int rcnn_get_interop_threads();
    [DllImport(Library)] internal static extern int rcnn_set_interop_threads(int count);
    [DllImport(Library)] internal static extern int rcnn_cuda_available();
    [DllImport(Library)] internal static extern int rcnn_cuda_device_count(int* count);
    [DllImport(Library)] internal static extern int rcnn_cuda_synchronize();
    [DllImport(Library)] internal static extern int rcnn_cuda_stream(int device, nint* stream);
    [DllImport(Library)] internal static extern int rcnn_context_flag(int which, int on);

    internal static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Check(int failed)
    {
        if (failed != 0)
        {
            Throw();
        }
    }

    /// <summary>Throws what the last failed call of this thread reported: the original managed exception when one came back through libtorch.</summary>
    [DoesNotReturn]
    private static void Throw()
    {
        string message = Text(rcnn_error());
        ManagedExceptions.Rethrow(message);
        throw new ExternalException(message);
    }
}
