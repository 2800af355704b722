using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>One evaluation of a box loss.</summary>
internal sealed record BoxLossPlan(BoxLoss Loss, Reduction Reduction, bool FirstNeedsGradient, bool SecondNeedsGradient);

/// <summary>Autograd node of the box losses: arguments are a <see cref="BoxLossPlan"/> and the two boxes.</summary>
internal sealed unsafe class BoxLossFunction : SingleTensorFunction<BoxLossFunction>
{
    private const string PlanKey = "plan";
    private const int BlockSize = 1024;

    public override string Name => "BoxLoss";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (BoxLossPlan)vars[0];
        using Tensor boxes1 = ((Tensor)vars[1]).contiguous();
        using Tensor boxes2 = ((Tensor)vars[2]).contiguous();
        long count = boxes1.shape[0];
        Tensor first = empty([plan.FirstNeedsGradient ? count : 0, 4], float32), second = empty([plan.SecondNeedsGradient ? count : 0, 4], float32);
        ctx.save_data(PlanKey, plan);
        ctx.save_for_backward([first, second]);

        float* a = (float*)Engine.Pointer(boxes1), b = (float*)Engine.Pointer(boxes2);
        float* da = plan.FirstNeedsGradient ? (float*)Engine.Pointer(first) : null, db = plan.SecondNeedsGradient ? (float*)Engine.Pointer(second) : null;
        bool scalar = plan.Reduction != Reduction.None;
        Tensor values = empty([scalar ? 0 : count], float32);
        float* v = scalar ? null : (float*)Engine.Pointer(values);
        int blocks = checked((int)((count + BlockSize - 1) / BlockSize));
        using var sums = new Scratch<double>(blocks);
        double* sum = sums.Pointer;
        ParallelLoop.Run(blocks, block =>
        {
            double* d = stackalloc double[8];
            double total = 0;
            long end = Math.Min(count, (block + 1L) * BlockSize);
            for (long i = (long)block * BlockSize; i < end; i++)
            {
                double loss = plan.Loss.Evaluate(a + 4 * i, b + 4 * i, d, d + 4);
                total += loss;
                if (v != null)
                {
                    v[i] = (float)loss;
                }

                for (int k = 0; da != null && k < 4; k++)
                {
                    da[4 * i + k] = (float)d[k];
                }

                for (int k = 0; db != null && k < 4; k++)
                {
                    db[4 * i + k] = (float)d[4 + k];
                }
            }

            sum[block] = total;
        });
        if (!scalar)
        {
            return values;
        }

        double result = 0;
        for (int block = 0; block < blocks; block++)
        {
            result += sum[block];
        }

        values.Dispose();
        return torch.tensor((float)(plan.Reduction == Reduction.Mean ? result / Math.Max(count, 1) : result));
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (BoxLossPlan)ctx.get_data(PlanKey);
        List<Tensor> derivatives = ctx.get_saved_variables();
        return [null!, plan.FirstNeedsGradient ? Scaled(derivatives[0]) : null!, plan.SecondNeedsGradient ? Scaled(derivatives[1]) : null!];

        Tensor Scaled(Tensor derivative)
        {
            using Tensor share = plan.Reduction switch
            {
                Reduction.None => grad_output.unsqueeze(1),
                Reduction.Mean => grad_output.div(Math.Max(derivative.shape[0], 1)),
                _ => grad_output.alias(),
            };
            return derivative.mul(share);
        }
    }
}
