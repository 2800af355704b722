using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// A 3×3 convolution of stride 1 and padding 1 with bias and optional ReLU, without gradient, by Winograd's F(4×4, 3×3) (Lavin and Gray 2016): a quarter of the
/// multiplications. Results differ from a direct sum at rounding level (largest error about 2e-6 of the largest output at 256 channels) and are the same to the bit
/// at any number of threads.
/// </summary>
public static class Conv3x3
{
    /// <param name="input">[B,C,H,W] float32 on the CPU; channels-last is read as it lies, another layout is copied.</param>
    /// <param name="filter">Transformed weights [K,C,3,3] and bias.</param>
    /// <param name="relu">Negative results become 0; NaN stays.</param>
    /// <returns>[B,K,H,W] float32, channels-last; empty for an empty input.</returns>
    /// <exception cref="NotSupportedException">Input on a device.</exception>
    /// <exception cref="ArgumentException">Other shapes or types, or channels that are not the filter's.</exception>
    public static unsafe Tensor Apply(Tensor input, WinogradFilter filter, bool relu = false)
    {
        if (CpuDetour.Needed(input))
        {
            throw new NotSupportedException($"Conv3x3 is of the CPU alone, got input on {input.device}: nn.functional.conv2d computes the same there");
        }

        OperatorInput.Features(input, nameof(input));
        long[] shape = input.shape;
        if (shape[1] != filter.Inputs)
        {
            throw new ArgumentException($"input with {filter.Inputs} channels expected, got [{string.Join(",", shape)}]", nameof(input));
        }

        using var scope = NewDisposeScope();
        Tensor source = input.detach().permute(0, 2, 3, 1).contiguous();
        Tensor result = empty([shape[0], shape[2], shape[3], filter.Outputs]);
        if (result.numel() > 0)
        {
            float* from = (float*)Engine.Pointer(source), to = (float*)Engine.Pointer(result);
            (int batch, int height, int width) = ((int)shape[0], (int)shape[2], (int)shape[3]);
            if (filter.PanelWidth == 2 * Lanes512.Count)
            {
                WinogradCpu<Lanes512, Vector512<float>>.Run(from, filter, to, batch, height, width, relu);
            }
            else if (filter.PanelWidth == 2 * Lanes256.Count)
            {
                WinogradCpu<Lanes256, Vector256<float>>.Run(from, filter, to, batch, height, width, relu);
            }
            else
            {
                WinogradCpu<Lanes128, Vector128<float>>.Run(from, filter, to, batch, height, width, relu);
            }
        }

        GC.KeepAlive(source);
        GC.KeepAlive(result);
        GC.KeepAlive(filter);
        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }
}
