using System.Globalization;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Ops;

/// <summary>
/// Losses of overlap between the boxes of equal rows, with gradients to both. Boxes are [N,4] float32 (x1,y1,x2,y2), half-open, any unit; values and
/// derivatives are computed in double and rounded once. Where corners of two boxes coincide, the gradient of the minimum or maximum goes half to each, as in torch.
/// NaN gives NaN in its row; boxes without area give finite values because of ε, except in <see cref="Complete"/>, which needs sides. N = 0: None gives an empty
/// result, Sum and Mean 0. <see cref="ArgumentException"/> for other shapes or types, different numbers of rows, or a negative ε.
/// </summary>
public static class BoxLosses
{
    /// <summary>1 − |a∩b| / (|a∪b| + ε) (Yu et al. 2016, the linear form).</summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[N,4]</param>
    /// <param name="reduction">None gives [N], Sum and Mean a scalar.</param>
    /// <param name="epsilon">ε ≥ 0, added to the denominator</param>
    public static Tensor Iou(Tensor boxes1, Tensor boxes2, Reduction reduction = Reduction.None, double epsilon = 1e-7) =>
        Apply(OverlapMeasure.Iou, boxes1, boxes2, reduction, epsilon);

    /// <summary>1 − IoU + (|hull| − |a∪b|) / (|hull| + ε) (Rezatofighi et al. 2019, algorithm 1).</summary>
    /// <inheritdoc cref="Iou" path="/param"/>
    public static Tensor Generalized(Tensor boxes1, Tensor boxes2, Reduction reduction = Reduction.None, double epsilon = 1e-7) =>
        Apply(OverlapMeasure.Generalized, boxes1, boxes2, reduction, epsilon);

    /// <summary>1 − IoU + ρ²/(c² + ε), the distance of the centres over the diagonal of the hull, both squared (Zheng et al. 2020, eq. 7).</summary>
    /// <inheritdoc cref="Iou" path="/param"/>
    public static Tensor Distance(Tensor boxes1, Tensor boxes2, Reduction reduction = Reduction.None, double epsilon = 1e-7) =>
        Apply(OverlapMeasure.Distance, boxes1, boxes2, reduction, epsilon);

    /// <summary>
    /// The distance loss + αv with v = 4/π²·(atan(w_b/h_b) − atan(w_a/h_a))² and α = v / (1 − IoU + v + ε), a constant in the gradient (Zheng et al. 2020, eq. 10). As in
    /// torchvision 0.14, <paramref name="epsilon"/> is that of α; the other denominators take 1e-7.
    /// </summary>
    /// <inheritdoc cref="Iou" path="/param"/>
    public static Tensor Complete(Tensor boxes1, Tensor boxes2, Reduction reduction = Reduction.None, double epsilon = 1e-7) =>
        Apply(OverlapMeasure.Complete, boxes1, boxes2, reduction, epsilon);

    private static Tensor Apply(OverlapMeasure measure, Tensor boxes1, Tensor boxes2, Reduction reduction, double epsilon)
    {
        if (CpuDetour.Needed(boxes1))
        {
            return CpuDetour.Run(t => Apply(measure, t[0], t[1], reduction, epsilon), boxes1, boxes2);
        }

        OperatorInput.Boxes(boxes1, nameof(boxes1));
        OperatorInput.Boxes(boxes2, nameof(boxes2));
        if (boxes1.shape[0] != boxes2.shape[0])
        {
            throw new ArgumentException($"boxes1 and boxes2 with equal rows expected, got {boxes1.shape[0]} and {boxes2.shape[0]}", nameof(boxes2));
        }

        if (!(epsilon >= 0))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"epsilon ≥ 0 expected, got {epsilon}"), nameof(epsilon));
        }

        bool graph = is_grad_enabled();
        var plan = new BoxLossPlan(new BoxLoss(measure, epsilon), reduction, graph && boxes1.requires_grad, graph && boxes2.requires_grad);
        return BoxLossFunction.apply(plan, boxes1, boxes2);
    }
}
