using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static TorchSharp.torch;

namespace TorchSharp.Interop;

/// <summary>
/// One ATen operator, named as in its schema ("add.Tensor"), called with positional arguments; those left out take the schema's defaults.
/// It is looked up at its first call, so an operator that some libtorch lacks costs nothing until then.
/// </summary>
internal sealed unsafe class Op(string name)
{
    private nint _handle;

    internal string Schema => Native.Text(Native.rcnn_operator_schema(Handle));

    private nint Handle
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _handle != 0 ? _handle : Resolve();
    }

    [SkipLocalsInit]
    internal Tensor Call(params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        return Tensor.Own(result);
    }

    /// <summary>Calls an operator that works in place: its result is the tensor it was given.</summary>
    [SkipLocalsInit]
    internal void Do(params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        result.Tag = Tag.None;
        Run(arguments, &result, 1);
        if (result.Tag == Tag.Tensor)
        {
            Native.rcnn_release((nint)result.Bits);
        }
    }

    [SkipLocalsInit]
    internal (Tensor, Tensor) Call2(params ReadOnlySpan<Arg> arguments)
    {
        Value* results = stackalloc Value[2];
        Run(arguments, results, 2);
        return (Tensor.Own(results[0]), Tensor.Own(results[1]));
    }

    [SkipLocalsInit]
    internal (Tensor, Tensor, Tensor) Call3(params ReadOnlySpan<Arg> arguments)
    {
        Value* results = stackalloc Value[3];
        Run(arguments, results, 3);
        return (Tensor.Own(results[0]), Tensor.Own(results[1]), Tensor.Own(results[2]));
    }

    [SkipLocalsInit]
    internal Tensor[] CallList(params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        return OwnList(result);
    }

    /// <summary>The bits of a result that is an integer, a double or a bool.</summary>
    [SkipLocalsInit]
    internal Value CallValue(params ReadOnlySpan<Arg> arguments)
    {
        Value result;
        Run(arguments, &result, 1);
        return result;
    }

    internal static Tensor[] OwnList(Value list)
    {
        nint* handles = (nint*)list.Bits;
        var tensors = new Tensor[list.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            tensors[i] = new Tensor(handles[i]);
        }

        Native.rcnn_free(handles);
        return tensors;
    }

    /// <summary>
    /// Nothing that native code reads can die before it returns: numbers are copied to this stack frame, and the argument span, which
    /// holds every tensor, scalar owner and generator, is read again after the call.
    /// </summary>
    [SkipLocalsInit]
    private void Run(ReadOnlySpan<Arg> arguments, Value* results, int capacity)
    {
        int words = 0;
        foreach (ref readonly Arg argument in arguments)
        {
            words += argument.Words;
        }

        // A list of a thousand tensors (a cat) must not end up on the stack.
        long[]? heap = words > 256 ? GC.AllocateUninitializedArray<long>(words, pinned: true) : null;
        long* stack = stackalloc long[heap is null ? words : 1];
        long* buffer = heap is null ? stack : (long*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(heap));
        Value* values = stackalloc Value[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            buffer = arguments[i].Write(values + i, buffer);
        }

        int failed = Native.rcnn_call(Handle, values, arguments.Length, results, capacity);
        foreach (ref readonly Arg argument in arguments)
        {
            GC.KeepAlive(argument.Owner);
        }

        GC.KeepAlive(heap);
        Native.Check(failed);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private nint Resolve()
    {
        int dot = name.IndexOf('.');
        byte[] operatorName = Encoding.UTF8.GetBytes("aten::" + (dot < 0 ? name : name[..dot]) + "\0");
        byte[] overload = Encoding.UTF8.GetBytes((dot < 0 ? "" : name[(dot + 1)..]) + "\0");
        nint handle;
        torch.EnsureInitialized();
        fixed (byte* n = operatorName)
        fixed (byte* o = overload)
        {
            Native.Check(Native.rcnn_operator(n, o, &handle));
        }

        Volatile.Write(ref _handle, handle);
        return handle;
    }
}
