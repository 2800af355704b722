using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>One evaluation of a loss.</summary>
internal sealed record PointwiseLossPlan(PointwiseLoss Loss, Reduction Reduction, bool NeedsGradient);

/// <summary>Autograd node of the pointwise losses: arguments are a <see cref="PointwiseLossPlan"/>, input and target.</summary>
internal sealed unsafe class PointwiseLossFunction : SingleTensorFunction<PointwiseLossFunction>
{
    private const string PlanKey = "plan";
    private const int BlockSize = 8192;

    public override string Name => "PointwiseLoss";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (PointwiseLossPlan)vars[0];
        using Tensor input = ((Tensor)vars[1]).contiguous();
        using Tensor target = ((Tensor)vars[2]).contiguous();
        long count = input.numel();
        bool scalar = plan.Reduction != Reduction.None;
        Tensor derivative = plan.NeedsGradient ? empty(input.shape, float32) : empty([0], float32);
        Tensor values = scalar ? empty([0], float32) : empty(input.shape, float32);
        ctx.save_data(PlanKey, plan);
        ctx.save_for_backward([derivative]);

        float* x = (float*)Engine.Pointer(input), t = (float*)Engine.Pointer(target);
        float* d = plan.NeedsGradient ? (float*)Engine.Pointer(derivative) : null;
        float* v = scalar ? null : (float*)Engine.Pointer(values);
        int blocks = checked((int)((count + BlockSize - 1) / BlockSize));
        using var sums = new Scratch<double>(blocks);
        double* sum = sums.Pointer;
        ParallelLoop.Run(blocks, block =>
        {
            long first = (long)block * BlockSize;
            int n = (int)Math.Min(BlockSize, count - first);
            sum[block] = plan.Loss.Block(x + first, t + first, n, v == null ? null : v + first, d == null ? null : d + first);
        });
        if (!scalar)
        {
            return values;
        }

        double total = 0;
        for (int block = 0; block < blocks; block++)
        {
            total += sum[block];
        }

        values.Dispose();
        return torch.tensor((float)(plan.Reduction == Reduction.Mean ? total / count : total));
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (PointwiseLossPlan)ctx.get_data(PlanKey);
        Tensor derivative = ctx.get_saved_variables()[0];
        if (plan.Reduction != Reduction.Mean)
        {
            return [null!, derivative.mul(grad_output), null!];
        }

        using Tensor share = grad_output.div(derivative.numel());
        return [null!, derivative.mul(share), null!];
    }
}
