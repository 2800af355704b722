using System.Collections.Concurrent;

namespace Rcnn.Ops.Cuda;

/// <summary>
/// Kernels on one CUDA device, through the driver's interface: in libtorch's context, on libtorch's current stream. A source is compiled at first use, for this device, and kept on disk.
/// </summary>
internal sealed unsafe class CudaLauncher : IKernelLauncher
{
    private static readonly ConcurrentDictionary<int, Lazy<CudaLauncher>> Launchers = new();
    private readonly ConcurrentDictionary<string, Lazy<nint>> _modules = new();
    private readonly ConcurrentDictionary<Kernel, nint> _functions = new();
    private readonly int _ordinal, _major, _minor;
    private readonly nint _context;

    private CudaLauncher(int ordinal)
    {
        _ordinal = ordinal;
        int device = CudaDriver.Device(ordinal);
        (_major, _minor) = (CudaDriver.Attribute(CudaDriver.ComputeMajor, device), CudaDriver.Attribute(CudaDriver.ComputeMinor, device));
        _context = CudaDriver.PrimaryContext(device);
        // Two transfers a tick; kHz and bits.
        Bandwidth = 2e3 * CudaDriver.Attribute(CudaDriver.MemoryClock, device) * CudaDriver.Attribute(CudaDriver.MemoryBusWidth, device) / 8;
    }

    /// <summary>Bytes a second between the device and its memory; 0 where the driver does not tell.</summary>
    public double Bandwidth { get; }

    /// <summary>The launcher of a device.</summary>
    /// <exception cref="NotSupportedException">There is no driver.</exception>
    public static CudaLauncher Of(int ordinal) => Launchers.GetOrAdd(ordinal, o => new Lazy<CudaLauncher>(() => new CudaLauncher(o))).Value;

    public void Launch(Kernel kernel, KernelGrid grid, int block, params ReadOnlySpan<KernelArgument> arguments)
    {
        if (grid.X <= 0 || grid.Y <= 0 || grid.Z <= 0)
        {
            return;
        }

        CudaDriver.Enter(_context);
        if (!_functions.TryGetValue(kernel, out nint function))
        {
            nint module = _modules.GetOrAdd(kernel.Source, s => new Lazy<nint>(() => Load(s))).Value;
            function = _functions.GetOrAdd(kernel, CudaDriver.Function(module, kernel.Name));
        }

        void** pointers = stackalloc void*[arguments.Length];
        fixed (KernelArgument* first = arguments)
        {
            for (int i = 0; i < arguments.Length; i++)
            {
                pointers[i] = first + i;
            }

            CudaDriver.Launch(function, checked((uint)grid.X), checked((uint)grid.Y), checked((uint)grid.Z), (uint)block, Engine.CudaStream(_ordinal), pointers, kernel.Name);
        }
    }

    private nint Load(string source)
    {
        Nvrtc compiler = Nvrtc.Instance;
        string text = KernelLauncher.Text(source);
        byte[] image = KernelCache.Default.Get([text, .. Nvrtc.Options, $"sm_{_major}{_minor}", "nvrtc " + compiler.Version], ".cubin",
            () => compiler.Compile(text, source, _major, _minor));
        return CudaDriver.LoadModule(image, source + ".cu");
    }
}
