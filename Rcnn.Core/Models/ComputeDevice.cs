using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>
/// Where a model computes, as the setting <c>device</c> names it: <c>cpu</c>, <c>cuda</c> (the first GPU) or <c>cuda:N</c>. A detector is where its parameters are; images and targets come to it
/// from the CPU, once a step, and what it finds goes back there. Proposal methods, warped regions, the input's resizing and everything behind detections stay on the CPU.
/// </summary>
public static class ComputeDevice
{
    /// <exception cref="RcnnException">Another form. Exit code 2.</exception>
    public static void Validate(string name) => Index(name);

    /// <summary>The device of that name, which this libtorch has.</summary>
    /// <exception cref="RcnnException">Another form (exit code 2), or no such device here (exit code 1).</exception>
    public static Device Of(string name)
    {
        int? index = Index(name);
        if (index is not { } wanted)
        {
            return CPU;
        }

        if (!cuda.is_available())
        {
            throw new RcnnException($"device={name}: this libtorch has no CUDA, or finds no GPU; device=cpu works everywhere (--device cpu)");
        }

        int count = cuda.device_count();
        return wanted < count ? new Device(DeviceType.CUDA, wanted) : throw new RcnnException($"device={name}: {count} GPUs are there, the last is cuda:{count - 1}");
    }

    /// <summary>
    /// Moves parameters and buffers. On another device than before, the official packages put new parameters in the place of the old ones: optimizers and averages are built after it.
    /// </summary>
    public static void Place(nn.Module module, Device device)
    {
        Device now = Holder(module);
        if (now.type != device.type || Math.Max(0, now.index) != Math.Max(0, device.index))
        {
            module.to(device);
        }
    }

    /// <summary>Where the parameters of <paramref name="module"/> are; the CPU when it has none.</summary>
    public static Device Holder(nn.Module module) => module.parameters().FirstOrDefault()?.device ?? CPU;

    /// <summary>The GPU's number; null for the CPU.</summary>
    private static int? Index(string name) => name switch
    {
        "cpu" => null,
        "cuda" => 0,
        _ when name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int index) => index,
        _ => throw RcnnException.Usage($"device={name}: cpu, cuda or cuda:N expected"),
    };
}
