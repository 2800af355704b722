using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops.Kernels;

/// <summary>
/// The way of operators that have no kernel when their tensors are on a device: inputs to the CPU, the CPU's path there, results back to the device. Copies are part of the graph, so gradients pass.
/// The host waits for the device: these are operators of small tensors (samples, boxes, codes), or ones that are chosen for their numbers, not their speed (RoIWarp).
/// </summary>
internal static class CpuDetour
{
    /// <summary>Whether a tensor is elsewhere than on the CPU; a missing one is not.</summary>
    public static bool Needed(Tensor? tensor) => tensor is not null && tensor.device_type != DeviceType.CPU;

    /// <summary>Copies on the CPU, for the current scope; null stays.</summary>
    /// <exception cref="ArgumentException">Tensors on different devices.</exception>
    public static Tensor[] Fetch(params ReadOnlySpan<Tensor?> inputs)
    {
        var copies = new Tensor[inputs.Length];
        Tensor? first = null;
        for (int i = 0; i < copies.Length; i++)
        {
            if (inputs[i] is not { } input)
            {
                continue;
            }

            first ??= input;
            if (input.device_type != first.device_type || input.device_index != first.device_index)
            {
                throw new ArgumentException($"all tensors on {first.device} expected, got one on {input.device}");
            }

            copies[i] = input.cpu();
        }

        return copies;
    }

    /// <summary>One result, on the device of the first input.</summary>
    public static Tensor Run(Func<Tensor[], Tensor> operation, params ReadOnlySpan<Tensor?> inputs)
    {
        Device device = inputs[0]!.device;
        using var scope = NewDisposeScope();
        return operation(Fetch(inputs)).to(device).MoveToOuterDisposeScope();
    }

    /// <summary>Moves results that are to outlive the current scope.</summary>
    public static Tensor Back(Tensor result, Device device) => result.to(device).MoveToOuterDisposeScope();
}
