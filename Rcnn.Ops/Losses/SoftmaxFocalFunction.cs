using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>One evaluation of the softmax focal loss; <paramref name="Alpha"/> null: no weights.</summary>
internal sealed record SoftmaxFocalPlan(double Gamma, double[]? Alpha, long IgnoreIndex, Reduction Reduction, bool NeedsGradient);

/// <summary>
/// Autograd node of the softmax focal loss: arguments are a <see cref="SoftmaxFocalPlan"/>, logits [N,C] and target [N]. One pass gives value and derivative; a row lies
/// within one piece of the work, and the rows' values are summed in index order, so that the result does not depend on the number of threads.
/// </summary>
internal sealed unsafe class SoftmaxFocalFunction : SingleTensorFunction<SoftmaxFocalFunction>
{
    private const string PlanKey = "plan";
    private const int ElementsPerPiece = 8192;

    public override string Name => "SoftmaxFocal";

    public override Tensor forward(AutogradContext ctx, params object[] vars)
    {
        var plan = (SoftmaxFocalPlan)vars[0];
        using Tensor logits = ((Tensor)vars[1]).contiguous();
        using Tensor target = ((Tensor)vars[2]).contiguous();
        int rows = checked((int)logits.shape[0]), classes = checked((int)logits.shape[1]);
        float* z = (float*)Engine.Pointer(logits);
        long* t = (long*)Engine.Pointer(target);
        int used = CountUsed(t, rows, classes, plan.IgnoreIndex);
        ctx.save_data(PlanKey, plan);

        Tensor derivative = plan.NeedsGradient ? empty([rows, classes], float32) : empty([0], float32);
        float* d = plan.NeedsGradient ? (float*)Engine.Pointer(derivative) : null;
        double share = plan.Reduction == Reduction.Mean ? 1.0 / used : 1;
        using var values = new Scratch<double>(rows);
        double* value = values.Pointer;
        int rowsPerPiece = Math.Max(1, ElementsPerPiece / classes);
        ParallelLoop.Run((rows + rowsPerPiece - 1) / rowsPerPiece, piece =>
        {
            int end = Math.Min(rows, (piece + 1) * rowsPerPiece);
            using var powers = new Scratch<double>(classes);
            for (int i = piece * rowsPerPiece; i < end; i++)
            {
                value[i] = Row(plan, z + (long)i * classes, classes, t[i], share, powers.Pointer, d == null ? null : d + (long)i * classes);
            }
        });
        ctx.save_for_backward([derivative]);
        if (plan.Reduction == Reduction.None)
        {
            Tensor result = empty([rows], float32);
            float* r = (float*)Engine.Pointer(result);
            for (int i = 0; i < rows; i++)
            {
                r[i] = (float)value[i];
            }

            return result;
        }

        double sum = 0;
        for (int i = 0; i < rows; i++)
        {
            sum += value[i];
        }

        return tensor((float)(plan.Reduction == Reduction.Mean ? sum / used : sum));
    }

    public override List<Tensor> backward(AutogradContext ctx, Tensor grad_output)
    {
        var plan = (SoftmaxFocalPlan)ctx.get_data(PlanKey);
        Tensor derivative = ctx.get_saved_variables()[0];
        if (plan.Reduction != Reduction.None)
        {
            return [null!, derivative.mul(grad_output), null!];
        }

        using Tensor perRow = grad_output.unsqueeze(1);
        return [null!, derivative.mul(perRow), null!];
    }

    private static int CountUsed(long* target, int rows, int classes, long ignore)
    {
        int used = 0;
        for (int i = 0; i < rows; i++)
        {
            if (target[i] == ignore)
            {
                continue;
            }

            if (target[i] < 0 || target[i] >= classes)
            {
                throw new ArgumentException(FormattableString.Invariant($"target[{i}] in 0…{classes - 1} or {ignore} expected, got {target[i]}"), nameof(target));
            }

            used++;
        }

        return used;
    }

    // With p the softmax and q = 1 − p_t, ∂L/∂z_j = −α (q^γ − γ p_t q^(γ−1) ln p_t)(δ_tj − p_j). q is the sum of the other classes: 1 − p_t would lose it.
    private static double Row(SoftmaxFocalPlan plan, float* z, int classes, long target, double share, double* powers, float* derivative)
    {
        if (target == plan.IgnoreIndex)
        {
            if (derivative != null)
            {
                new Span<float>(derivative, classes).Clear();
            }

            return 0;
        }

        double top = double.NegativeInfinity;
        for (int j = 0; j < classes; j++)
        {
            top = Math.Max(top, z[j]);
        }

        double others = 0;
        for (int j = 0; j < classes; j++)
        {
            powers[j] = Math.Exp((double)z[j] - top);
            others += j == target ? 0 : powers[j];
        }

        double total = powers[target] + others;
        double p = powers[target] / total, q = others / total;
        // ln p from q where p is near 1: ln(total) would cancel.
        double log = q < 1e-3 ? -q * (1 + q * (0.5 + q * (1.0 / 3 + q / 4))) : z[target] - top - Math.Log(total);
        double weight = plan.Alpha is null ? 1 : plan.Alpha[target];
        double focus = plan.Gamma == 0 ? 1 : Math.Pow(q, plan.Gamma);
        if (derivative != null)
        {
            // Both ends of the probability have no bend: p q^(γ−1) ln p vanishes with p and, as −q^γ, with q.
            double bend = plan.Gamma == 0 || p == 0 || q == 0 ? 0 : plan.Gamma * p * Math.Pow(q, plan.Gamma - 1) * log;
            double factor = -weight * share * (focus - bend);
            for (int j = 0; j < classes; j++)
            {
                derivative[j] = (float)(j == target ? factor * q : -factor * powers[j] / total);
            }
        }

        return -weight * focus * log;
    }
}
