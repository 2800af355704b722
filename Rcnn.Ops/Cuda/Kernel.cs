using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops.Cuda;

/// <summary>One entry point of one kernel source, as in "roi_align" and "roi_align_forward_f32_vector".</summary>
internal readonly record struct Kernel(string Source, string Name);

/// <summary>Blocks of a launch; a block has one dimension.</summary>
internal readonly record struct KernelGrid(long X, long Y = 1, long Z = 1)
{
    /// <summary>Enough blocks of <paramref name="threads"/> for <paramref name="items"/>.</summary>
    public static KernelGrid Over(long items, int threads) => new((items + threads - 1) / threads);
}

/// <summary>One argument of a kernel: a number or the address of a tensor's memory. The caller keeps the tensor alive until the launch returns.</summary>
internal readonly record struct KernelArgument(long Bits)
{
    public static implicit operator KernelArgument(int value) => new((uint)value);

    public static implicit operator KernelArgument(bool value) => new(value ? 1 : 0);

    public static implicit operator KernelArgument(long value) => new(value);

    public static implicit operator KernelArgument(double value) => new(BitConverter.DoubleToInt64Bits(value));

    public static implicit operator KernelArgument(float value) => new((uint)BitConverter.SingleToInt32Bits(value));

    public static implicit operator KernelArgument(Tensor? tensor) => new(tensor is null ? 0 : Engine.DevicePointer(tensor));
}

/// <summary>Where kernels run: a CUDA device, or the CPU in their place.</summary>
internal interface IKernelLauncher
{
    /// <summary>Starts a kernel behind the work that libtorch has queued on the device; an empty grid does nothing.</summary>
    /// <param name="block">Threads of a block, a multiple of 32 up to 1024.</param>
    /// <param name="arguments">In the order of the kernel's parameters and of their types.</param>
    void Launch(Kernel kernel, KernelGrid grid, int block, params ReadOnlySpan<KernelArgument> arguments);
}

/// <summary>Finds the launcher for a tensor, and the text of the kernels.</summary>
internal static class KernelLauncher
{
    private static readonly Assembly Here = typeof(KernelLauncher).Assembly;

    /// <summary>The launcher for the device of <paramref name="tensor"/>; null for a CPU tensor or none, unless <see cref="HostKernels"/> are on.</summary>
    public static IKernelLauncher? For(Tensor? tensor)
    {
        if (tensor is null)
        {
            return null;
        }

        if (tensor.device_type == DeviceType.CUDA)
        {
            return CudaLauncher.Of(tensor.device_index);
        }

        return HostKernels.Current;
    }

    /// <summary>Names of all kernel sources.</summary>
    public static IReadOnlyList<string> Sources { get; } =
        [.. Here.GetManifestResourceNames().Where(n => n.EndsWith(".cu", StringComparison.Ordinal)).Select(n => n[..^3]).Order(StringComparer.Ordinal)];

    /// <summary>What stands in front of the sources of any flavour, then the kernel source itself.</summary>
    public static string Text(string source) => Resource("prelude.cuh") + "#line 1 \"" + source + ".cu\"\n" + Resource(source + ".cu");

    public static string Resource(string name)
    {
        using var reader = new StreamReader(Here.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"resource {name} is missing"));
        return reader.ReadToEnd();
    }
}
