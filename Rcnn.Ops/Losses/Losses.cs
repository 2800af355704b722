using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>
/// Losses, each fused with its derivative: one pass computes both, and sums are taken in fixed blocks in double, so that the value does not depend on the number of threads.
/// Inputs and targets are float32 of the same shape on the CPU; the gradient goes to the input only. Empty inputs: None gives an empty result, Sum 0, Mean NaN, as in torch.
/// </summary>
public static class Losses
{
    /// <summary>
    /// Smooth L1 with the quadratic part below β: ½d²/β for |d| &lt; β, else |d| − ½β, with d = input − target (Girshick 2015, eq. 3, where β = 1). β = 0 is plain L1, with torch's derivative −1 at 0.
    /// </summary>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape.</param>
    /// <param name="beta">β ≥ 0, in the unit of the input</param>
    /// <param name="reduction">None keeps the shape; Sum and Mean give a scalar.</param>
    /// <exception cref="ArgumentException">Another shape or type, or a negative β.</exception>
    public static Tensor SmoothL1(Tensor input, Tensor target, double beta = 1, Reduction reduction = Reduction.Mean)
    {
        if (!(beta >= 0))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"beta ≥ 0 expected, got {beta}"), nameof(beta));
        }

        float b = (float)beta;
        return Apply(input, target, reduction, new PointwiseLoss.SmoothL1(b));
    }

    /// <summary>
    /// Binary focal loss on logits (Lin et al. 2017, eq. 5): α_t (1 − p_t)^γ · cross-entropy, with p_t the probability of the target and α_t = α for target 1, 1 − α for target 0.
    /// </summary>
    /// <param name="input">Logits, any shape.</param>
    /// <param name="target">0, 1 or between, the same shape.</param>
    /// <param name="alpha">Weight of the positives in [0,1]; below 0: no weights</param>
    /// <param name="gamma">γ ≥ 0; 0 is weighted cross-entropy</param>
    /// <param name="reduction">None keeps the shape; Sum and Mean give a scalar.</param>
    /// <exception cref="ArgumentException">Another shape or type, or α or γ out of range.</exception>
    public static Tensor SigmoidFocal(Tensor input, Tensor target, double alpha = 0.25, double gamma = 2, Reduction reduction = Reduction.None)
    {
        if (!(alpha <= 1) || !(gamma >= 0))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"alpha ≤ 1 and gamma ≥ 0 expected, got {alpha} and {gamma}"));
        }

        return Apply(input, target, reduction, new PointwiseLoss.SigmoidFocal((float)alpha, (float)gamma));
    }

    private static Tensor Apply(Tensor input, Tensor target, Reduction reduction, PointwiseLoss loss)
    {
        OperatorInput.Float32(input, nameof(input));
        OperatorInput.Float32(target, nameof(target));
        if (!input.shape.AsSpan().SequenceEqual(target.shape))
        {
            throw new ArgumentException($"input and target of one shape expected, got {OperatorInput.Shape(input)} and {OperatorInput.Shape(target)}", nameof(target));
        }

        bool needsGradient = input.requires_grad && is_grad_enabled();
        return PointwiseLossFunction.apply(new PointwiseLossPlan(loss, reduction, needsGradient), input, target.detach());
    }
}
