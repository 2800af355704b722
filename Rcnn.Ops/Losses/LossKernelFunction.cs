using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>A loss evaluated by a kernel that gives the values and, where wanted, the derivatives.</summary>
internal abstract record LossKernel(IKernelLauncher Launcher, Reduction Reduction, bool NeedsGradient)
{
    /// <summary>Evaluates all; the derivative is scaled so that the gradient of the reduced loss is grad_output times it.</summary>
    /// <returns>Values in double or float, and derivatives, empty where none are wanted.</returns>
    public abstract (Tensor Values, Tensor Derivative, Tensor Count) Evaluate(Tensor input, Tensor target);
}

/// <summary>One number against one number.</summary>
internal sealed record PointwiseKernel(IKernelLauncher Launcher, PointwiseLoss Loss, Reduction Reduction, bool NeedsGradient) : LossKernel(Launcher, Reduction, NeedsGradient)
{
    public override (Tensor Values, Tensor Derivative, Tensor Count) Evaluate(Tensor input, Tensor target)
    {
        long count = input.numel();
        Tensor values = empty(input.shape, float32, input.device), derivative = empty(NeedsGradient ? input.shape : [0], float32, input.device);
        Loss.Launch(Launcher, input, target, count, values, NeedsGradient ? derivative : null);
        if (Reduction == Reduction.Mean && NeedsGradient)
        {
            derivative.div_(count);
        }

        return (values, derivative, full([], (double)count, float64, input.device));
    }
}

/// <summary>Softmax focal loss. A target out of range gives NaN, as targets are not read back.</summary>
internal sealed record SoftmaxFocalKernel(IKernelLauncher Launcher, double Gamma, double[]? Alpha, long IgnoreIndex, Reduction Reduction, bool NeedsGradient)
    : LossKernel(Launcher, Reduction, NeedsGradient)
{
    public override (Tensor Values, Tensor Derivative, Tensor Count) Evaluate(Tensor input, Tensor target)
    {
        Tensor used = target.ne(IgnoreIndex).to(float64).sum();
        using Tensor share = Reduction == Reduction.Mean ? used.reciprocal() : ones_like(used);
        using Tensor? alpha = Alpha is null ? null : tensor(Alpha, float64).to(input.device);
        Tensor values = empty([input.shape[0]], float64, input.device), derivative = empty(NeedsGradient ? input.shape : [0], float32, input.device);
        Launcher.Launch(new("losses", "losses_softmax_focal"), KernelGrid.Over(input.shape[0], LossKernelFunction.Threads), LossKernelFunction.Threads,
            input, target, (int)input.shape[0], (int)input.shape[1], IgnoreIndex, Gamma, alpha, share, values, NeedsGradient ? derivative : null);
        return (values, derivative, used);
    }
}

/// <summary>Autograd node of the losses by kernel: arguments are a <see cref="LossKernel"/>, input and target. Values are summed by libtorch, in double.</summary>
internal sealed class LossKernelFunction : SingleTensorFunction<LossKernelFunction>
{
    public const int Threads = 256;
    private const string PlanKey = "plan";

    public override string Name => "LossKernel";

    public static Tensor Pointwise(IKernelLauncher launcher, PointwiseLoss loss, Tensor input, Tensor target, Reduction reduction)
    {
        KernelTensor.Float32(input, nameof(input), input, input.shape);
        KernelTensor.Float32(target, nameof(target), input, target.shape);
        if (!input.shape.AsSpan().SequenceEqual(target.shape))
        {
            throw new ArgumentException($"input and target of one shape expected, got {OperatorInput.Shape(input)} and {OperatorInput.Shape(target)}", nameof(target));
        }

        return apply(new PointwiseKernel(launcher, loss, reduction, input.requires_grad && is_grad_enabled()), input, target.detach());
    }

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (LossKernel)vars[0];
        using Tensor input = ((Tensor)vars[1]).contiguous(), target = ((Tensor)vars[2]).contiguous();
        (Tensor values, Tensor derivative, Tensor count) = plan.Evaluate(input, target);
        using Tensor v = values, d = derivative, n = count;
        ctx.save_data(PlanKey, plan);
        ctx.save_for_backward([d]);
        if (plan.Reduction == Reduction.None)
        {
            return v.to(float32, copy: true);
        }

        using Tensor wide = v.to(float64);
        using Tensor sum = wide.sum();
        using Tensor reduced = plan.Reduction == Reduction.Mean ? sum.div(n) : sum.clone();
        return reduced.to(float32);
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (LossKernel)ctx.get_data(PlanKey);
        using Tensor derivative = ctx.get_saved_variables()[0];
        bool rows = plan.Reduction == Reduction.None && derivative.dim() > grad_output.dim();
        using Tensor scale = rows ? grad_output.unsqueeze(1) : grad_output.alias();
        return [null!, derivative.mul(scale), null!];
    }
}
