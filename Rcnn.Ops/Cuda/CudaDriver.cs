using System.Runtime.InteropServices;

namespace Rcnn.Ops.Cuda;

/// <summary>The CUDA driver's C interface, libcuda.so.1, which comes with the graphics driver. Loaded at first use.</summary>
internal static unsafe class CudaDriver
{
    private static readonly Lazy<nint> Library = new(() => NativeLibrary.TryLoad("libcuda.so.1", out nint handle)
        ? handle
        : throw new NotSupportedException("CUDA kernels need the NVIDIA driver: libcuda.so.1 is not to be found"));

    public const int JitInfoLogBuffer = 3, JitInfoLogBytes = 4, JitErrorLogBuffer = 5, JitErrorLogBytes = 6;
    public const int MemoryClock = 36, MemoryBusWidth = 37, ComputeMajor = 75, ComputeMinor = 76;

    public static int Attribute(int which, int device)
    {
        int value;
        Check(((delegate* unmanaged<int*, int, int, int>)Entry("cuDeviceGetAttribute"))(&value, which, device), "cuDeviceGetAttribute");
        return value;
    }

    /// <summary>The device with an ordinal; the driver is initialised on the way.</summary>
    public static int Device(int ordinal)
    {
        Check(((delegate* unmanaged<uint, int>)Entry("cuInit"))(0), "cuInit");
        int device;
        Check(((delegate* unmanaged<int*, int, int>)Entry("cuDeviceGet"))(&device, ordinal), "cuDeviceGet");
        return device;
    }

    /// <summary>The context that the CUDA runtime, and so libtorch, works in.</summary>
    public static nint PrimaryContext(int device)
    {
        nint context;
        Check(((delegate* unmanaged<nint*, int, int>)Entry("cuDevicePrimaryCtxRetain"))(&context, device), "cuDevicePrimaryCtxRetain");
        return context;
    }

    /// <summary>Makes a context that of this thread.</summary>
    public static void Enter(nint context)
    {
        nint now;
        Check(((delegate* unmanaged<nint*, int>)Entry("cuCtxGetCurrent"))(&now), "cuCtxGetCurrent");
        if (now != context)
        {
            Check(((delegate* unmanaged<nint, int>)Entry("cuCtxSetCurrent"))(context), "cuCtxSetCurrent");
        }
    }

    /// <summary>Loads machine code or PTX; what the driver's compiler had to say is part of the error.</summary>
    public static nint LoadModule(ReadOnlySpan<byte> image, string what)
    {
        const int LogBytes = 8192;
        byte* log = stackalloc byte[LogBytes];
        log[0] = 0;
        int* options = stackalloc int[] { JitErrorLogBuffer, JitErrorLogBytes };
        void** values = stackalloc void*[] { log, (void*)LogBytes };
        nint module;
        byte[] terminated = [.. image, 0];
        int code;
        fixed (byte* data = terminated)
        {
            code = ((delegate* unmanaged<nint*, void*, uint, int*, void**, int>)Entry("cuModuleLoadDataEx"))(&module, data, 2, options, values);
        }

        if (code != 0)
        {
            string said = Marshal.PtrToStringUTF8((nint)log)!.ReplaceLineEndings(" ").Trim();
            throw new InvalidOperationException($"{what}: cuModuleLoadDataEx: {Describe(code)}{(said.Length == 0 ? "" : ": " + said)}");
        }

        return module;
    }

    public static nint Function(nint module, string name)
    {
        nint function;
        fixed (byte* text = System.Text.Encoding.UTF8.GetBytes(name + "\0"))
        {
            Check(((delegate* unmanaged<nint*, nint, byte*, int>)Entry("cuModuleGetFunction"))(&function, module, text), "cuModuleGetFunction " + name);
        }

        return function;
    }

    public static void Launch(nint function, uint x, uint y, uint z, uint block, nint stream, void** arguments, string name) => Check(
        ((delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)LaunchEntry.Value)(
            function, x, y, z, block, 1, 1, 0, stream, arguments, null), "launch of " + name);

    private static readonly Lazy<nint> LaunchEntry = new(() => Entry("cuLaunchKernel"));

    private static void Check(int code, string what)
    {
        if (code != 0)
        {
            throw new InvalidOperationException($"{what}: {Describe(code)}");
        }
    }

    private static string Describe(int code)
    {
        byte* name = null, text = null;
        ((delegate* unmanaged<int, byte**, int>)Entry("cuGetErrorName"))(code, &name);
        ((delegate* unmanaged<int, byte**, int>)Entry("cuGetErrorString"))(code, &text);
        return name == null ? $"CUDA error {code}" : $"{Marshal.PtrToStringUTF8((nint)name)}, {Marshal.PtrToStringUTF8((nint)text)}";
    }

    private static nint Entry(string name) => NativeLibrary.GetExport(Library.Value, name);
}
