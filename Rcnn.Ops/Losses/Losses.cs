using System.Globalization;
using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>
/// Losses, each fused with its derivative: one pass computes both, and sums are taken in fixed blocks in double, so that the value does not depend on the number of threads.
/// Inputs and targets are float32 of the same shape; the gradient goes to the input only. Empty inputs: None gives an empty result, Sum 0, Mean NaN, as in torch.
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

    /// <summary>Smooth L1 as Caffe writes it: ½σ²d² for |d| &lt; 1/σ², else |d| − ½/σ². The same as β = 1/σ²; py-faster-rcnn has σ = 3 in the RPN and 1 in the head.</summary>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape.</param>
    /// <param name="sigma">σ &gt; 0</param>
    /// <param name="reduction">None keeps the shape; Sum and Mean give a scalar.</param>
    /// <exception cref="ArgumentException">Another shape or type, or a σ that is not positive.</exception>
    public static Tensor SmoothL1Sigma(Tensor input, Tensor target, double sigma, Reduction reduction = Reduction.Mean)
    {
        if (!(sigma > 0 && double.IsFinite(sigma)))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"sigma > 0 expected, got {sigma}"), nameof(sigma));
        }

        return SmoothL1(input, target, 1 / (sigma * sigma), reduction);
    }

    /// <summary>|input − target|; derivative −1 at 0, as <see cref="SmoothL1"/> with β = 0.</summary>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape.</param>
    /// <param name="reduction">None keeps the shape; Sum and Mean give a scalar.</param>
    /// <exception cref="ArgumentException">Another shape or type.</exception>
    public static Tensor L1(Tensor input, Tensor target, Reduction reduction = Reduction.Mean) => SmoothL1(input, target, 0, reduction);

    /// <summary>
    /// Balanced L1 (Pang et al. 2019, eq. 5–7): the derivative is α·ln(b|d|/β + 1) below β and γ above, with b = e^(γ/α) − 1, so that the two meet. Its integral is
    /// βα/b·(b|d|/β + 1)·ln(b|d|/β + 1) − α|d| for |d| &lt; β, else γ|d| + β(γ/b − α). The paper has β = 1; another β scales the figure.
    /// </summary>
    /// <param name="input">Any shape.</param>
    /// <param name="target">The same shape.</param>
    /// <param name="alpha">α &gt; 0: smaller values raise the gradient of accurate boxes</param>
    /// <param name="gamma">γ &gt; 0: the derivative of outliers; γ/α at most 80</param>
    /// <param name="beta">β &gt; 0, in the unit of the input: outliers start here</param>
    /// <param name="reduction">None keeps the shape; Sum and Mean give a scalar.</param>
    /// <exception cref="ArgumentException">Another shape or type, or a parameter out of range.</exception>
    public static Tensor BalancedL1(Tensor input, Tensor target, double alpha = 0.5, double gamma = 1.5, double beta = 1, Reduction reduction = Reduction.Mean)
    {
        if (!(alpha > 0 && gamma > 0 && beta > 0 && gamma / alpha <= 80 && double.IsFinite(beta)))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"alpha, gamma, beta > 0 with gamma/alpha ≤ 80 expected, got {alpha}, {gamma}, {beta}"));
        }

        return Apply(input, target, reduction, new PointwiseLoss.BalancedL1(alpha, gamma, beta));
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

    /// <summary>
    /// Focal loss of a choice between C classes (Lin et al. 2017, eq. 4 and 5, with the softmax for p): −α_t (1 − p_t)^γ ln p_t. With γ = 0 and no weights it is the
    /// cross-entropy; with reduction None, that of each RoI, as hard example mining wants it. Evaluated in double.
    /// </summary>
    /// <param name="logits">[N,C] float32, C ≥ 1. A row with NaN or +∞ gives NaN; −∞ is probability 0.</param>
    /// <param name="target">[N] int64 in 0 … C − 1, or <paramref name="ignoreIndex"/></param>
    /// <param name="gamma">γ ≥ 0</param>
    /// <param name="alpha">C weights ≥ 0; null: all 1</param>
    /// <param name="ignoreIndex">Rows with this target have loss 0 and gradient 0.</param>
    /// <param name="reduction">None gives [N]; Sum a scalar; Mean divides it by the number of rows that are not ignored: NaN where there are none.</param>
    /// <exception cref="ArgumentException">Other shapes, types or numbers of weights, a target out of range, or a parameter out of range.</exception>
    public static Tensor SoftmaxFocal(Tensor logits, Tensor target, double gamma = 2, IReadOnlyList<double>? alpha = null, long ignoreIndex = -100,
        Reduction reduction = Reduction.Mean)
    {
        IKernelLauncher? launcher = KernelLauncher.For(logits);
        if (launcher is not null)
        {
            KernelTensor.Float32(logits, nameof(logits), logits, -1, -1);
            KernelTensor.OfType(target, nameof(target), ScalarType.Int64, logits, logits.shape[0]);
        }
        else
        {
            OperatorInput.Matrix(logits, nameof(logits), "[N,C]");
            OperatorInput.Vector(target, nameof(target), logits.shape[0], ScalarType.Int64);
        }

        if (logits.shape[1] < 1)
        {
            throw new ArgumentException($"logits [N,C] with C ≥ 1 expected, got {OperatorInput.Shape(logits)}", nameof(logits));
        }

        if (!(gamma >= 0 && double.IsFinite(gamma)))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"gamma ≥ 0 expected, got {gamma}"), nameof(gamma));
        }

        if (alpha is not null && (alpha.Count != logits.shape[1] || !alpha.All(a => a >= 0 && double.IsFinite(a))))
        {
            throw new ArgumentException(
                $"alpha of {logits.shape[1]} weights ≥ 0 expected, got [{string.Join(", ", alpha.Select(a => a.ToString(CultureInfo.InvariantCulture)))}]", nameof(alpha));
        }

        bool needsGradient = logits.requires_grad && is_grad_enabled();
        if (launcher is not null)
        {
            return LossKernelFunction.apply(new SoftmaxFocalKernel(launcher, gamma, alpha?.ToArray(), ignoreIndex, reduction, needsGradient), logits, target);
        }

        return SoftmaxFocalFunction.apply(new SoftmaxFocalPlan(gamma, alpha?.ToArray(), ignoreIndex, reduction, needsGradient), logits, target);
    }

    private static Tensor Apply(Tensor input, Tensor target, Reduction reduction, PointwiseLoss loss)
    {
        if (KernelLauncher.For(input) is { } launcher && loss.HasKernel)
        {
            return LossKernelFunction.Pointwise(launcher, loss, input, target, reduction);
        }

        if (CpuDetour.Needed(input))
        {
            return CpuDetour.Run(t => Apply(t[0], t[1], reduction, loss), input, target);
        }

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
