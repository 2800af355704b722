using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>What <see cref="Conv1x1"/> does to each sum. NaN stays NaN.</summary>
public enum PointwiseActivation
{
    /// <summary>x</summary>
    None,

    /// <summary>max(x, 0)</summary>
    Relu,

    /// <summary>min(max(x, 0), 6)</summary>
    Relu6,

    /// <summary>x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, §5.2)</summary>
    Hardswish,
}

/// <summary>
/// A 1×1 convolution of stride 1 with bias, a map added to it and an activation, without gradient, in one pass over the result: where libtorch runs a convolution, an addition and
/// an activation, each over the whole map. Sums run over the channels in their order with fused multiply-adds, so neither threads nor register width change a bit.
/// </summary>
public static class Conv1x1
{
    /// <param name="input">[B,C,H,W] float32 on the CPU; channels-last is read as it lies, another layout is copied.</param>
    /// <param name="filter">Packed weights [K,C,1,1] and bias.</param>
    /// <param name="residual">[B,K,H,W] float32, added before the activation; or null.</param>
    /// <param name="activation">The last step.</param>
    /// <returns>[B,K,H,W] float32, channels-last; empty for an empty input.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or channels that are not the filter's.</exception>
    public static unsafe Tensor Apply(Tensor input, PointwiseFilter filter, Tensor? residual = null, PointwiseActivation activation = PointwiseActivation.None)
    {
        OperatorInput.Features(input, nameof(input));
        long[] shape = input.shape;
        if (shape[1] != filter.Inputs)
        {
            throw new ArgumentException($"input with {filter.Inputs} channels expected, got [{string.Join(",", shape)}]", nameof(input));
        }

        if (residual is not null)
        {
            OperatorInput.Features(residual, nameof(residual));
            if (!residual.shape.SequenceEqual([shape[0], filter.Outputs, shape[2], shape[3]]))
            {
                throw new ArgumentException($"residual [{shape[0]},{filter.Outputs},{shape[2]},{shape[3]}] expected, got [{string.Join(",", residual.shape)}]", nameof(residual));
            }
        }

        using var scope = NewDisposeScope();
        Tensor source = input.detach().permute(0, 2, 3, 1).contiguous();
        Tensor? added = residual?.detach().permute(0, 2, 3, 1).contiguous();
        Tensor result = empty([shape[0], shape[2], shape[3], filter.Outputs]);
        if (result.numel() > 0)
        {
            float* from = (float*)Engine.Pointer(source), to = (float*)Engine.Pointer(result), plus = added is null ? null : (float*)Engine.Pointer(added);
            int pixels = checked((int)(shape[0] * shape[2] * shape[3]));
            if (filter.PanelWidth == 2 * Lanes512.Count)
            {
                PointwiseCpu<Lanes512, Vector512<float>>.Run(from, filter, plus, to, pixels, activation);
            }
            else if (filter.PanelWidth == 2 * Lanes256.Count)
            {
                PointwiseCpu<Lanes256, Vector256<float>>.Run(from, filter, plus, to, pixels, activation);
            }
            else
            {
                PointwiseCpu<Lanes128, Vector128<float>>.Run(from, filter, plus, to, pixels, activation);
            }
        }

        GC.KeepAlive(source);
        GC.KeepAlive(added);
        GC.KeepAlive(result);
        GC.KeepAlive(filter);
        return result.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }
}
