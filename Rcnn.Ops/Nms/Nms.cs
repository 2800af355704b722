using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Greedy non-maximum suppression: by falling score, a box stays when no box kept before it has an IoU <b>above</b> the threshold with it.
/// The IoU is float32, the threshold double: an IoU of 0.3f is above 0.3. Equal scores: the lower index first. A NaN IoU (two boxes without area)
/// suppresses nothing. Boxes and scores are float32 on the CPU; no gradient.
/// </summary>
public static unsafe class Nms
{
    /// <summary>Suppression among all boxes.</summary>
    /// <param name="boxes">[N,4] (x1,y1,x2,y2)</param>
    /// <param name="scores">[N]</param>
    /// <param name="threshold">IoU in [0,1]</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <param name="ties">Which of two equal scores goes first.</param>
    /// <returns>[n] int64 indices by falling score; N = 0 gives none</returns>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public static Tensor Run(Tensor boxes, Tensor scores, double threshold, BoxExtent extent = BoxExtent.HalfOpen, TieOrder ties = TieOrder.LowerIndexFirst)
    {
        if (KernelLauncher.For(boxes) is { } launcher)
        {
            return NmsCuda.Run(launcher, boxes, scores, threshold, extent.Extra(), ties);
        }

        Check(boxes, scores);
        float extra = extent.Extra();
        using Tensor b = boxes.contiguous();
        using Tensor s = scores.contiguous();
        int count = checked((int)b.shape[0]);
        using var memory = new Scratch<int>(2L * count);
        int* order = memory.Pointer, keep = order + count;
        ScoreOrder.Descending((float*)Engine.Pointer(s), count, order, ties);
        return Result(keep, NmsCpu.Run((float*)Engine.Pointer(b), order, count, null, 1, threshold, count, keep, extra));
    }

    /// <summary>
    /// Suppression within each class, with torchvision's results: up to 1000 boxes, the classes are moved apart by adding class·(largest coordinate + 1), and
    /// the IoU is that of the rounded sums; above, and always for inclusive boxes, each class on its own.
    /// </summary>
    /// <param name="boxes">[N,4] (x1,y1,x2,y2)</param>
    /// <param name="scores">[N]</param>
    /// <param name="idxs">[N] int64: class of each box, any values</param>
    /// <param name="threshold">IoU in [0,1]</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <param name="ties">Which of two equal scores goes first.</param>
    /// <returns>[n] int64 indices by falling score; N = 0 gives none</returns>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public static Tensor Batched(Tensor boxes, Tensor scores, Tensor idxs, double threshold, BoxExtent extent = BoxExtent.HalfOpen, TieOrder ties = TieOrder.LowerIndexFirst)
    {
        if (KernelLauncher.For(boxes) is { } launcher)
        {
            return NmsCuda.Batched(launcher, boxes, scores, idxs, threshold, extent.Extra(), ties);
        }

        Check(boxes, scores);
        OperatorInput.Vector(idxs, nameof(idxs), boxes.shape[0], ScalarType.Int64);
        float extra = extent.Extra();
        using Tensor b = boxes.contiguous();
        using Tensor s = scores.contiguous();
        using Tensor c = idxs.contiguous();
        int count = checked((int)b.shape[0]);
        using var keep = new Scratch<int>(count);
        int kept = BatchedNms.Run((float*)Engine.Pointer(b), (float*)Engine.Pointer(s), (long*)Engine.Pointer(c), count, threshold, count, keep.Pointer, extra, ties);
        return Result(keep.Pointer, kept);
    }

    private static Tensor Result(int* keep, int count)
    {
        Tensor result = empty([count], int64);
        long* p = (long*)Engine.Pointer(result);
        for (int i = 0; i < count; i++)
        {
            p[i] = keep[i];
        }

        return result;
    }

    private static void Check(Tensor boxes, Tensor scores)
    {
        OperatorInput.Boxes(boxes, nameof(boxes));
        OperatorInput.Vector(scores, nameof(scores), boxes.shape[0], ScalarType.Float32);
    }
}
