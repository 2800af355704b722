using System.Globalization;
using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Online hard example mining: the entries with the highest loss are the ones to learn from (Shrivastava et al. 2016). Losses are float32 [N] of one image, without gradient;
/// of equal losses the lower index comes first, and NaN counts as the highest, so that a broken loss shows itself instead of being passed over.
/// </summary>
public static unsafe class HardExamples
{
    /// <summary>The highest losses.</summary>
    /// <param name="loss">[N] float32</param>
    /// <param name="count">At most so many, at least 1.</param>
    /// <returns>[min(N, count)] int64 indices by falling loss</returns>
    /// <exception cref="ArgumentException">Another shape or type, or a count below 1.</exception>
    public static Tensor Top(Tensor loss, int count)
    {
        OperatorInput.Positive(count, nameof(count));
        if (KernelLauncher.For(loss) is not null)
        {
            return HardExamplesCuda.Top(loss, count);
        }

        Vector(loss);
        using Tensor l = loss.contiguous();
        int entries = checked((int)l.shape[0]);
        using var order = new Scratch<int>(entries);
        return Result(order.Pointer, ScoreOrder.Top((float*)Engine.Pointer(l), entries, count, order.Pointer));
    }

    /// <summary>
    /// The highest losses among regions that do not repeat each other: NMS with the loss as the score, then the first ones (ibid., §4.2). Regions that overlap much have
    /// nearly the same loss and, pooled from a coarse map, the same features: without it one hard spot fills the batch.
    /// </summary>
    /// <param name="boxes">[N,4] float32 (x1,y1,x2,y2), one image</param>
    /// <param name="loss">[N] float32</param>
    /// <param name="count">At most so many, at least 1.</param>
    /// <param name="threshold">IoU above which the smaller loss goes; the paper has 0.7.</param>
    /// <returns>[n] int64 indices by falling loss</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a count below 1.</exception>
    public static Tensor TopAfterNms(Tensor boxes, Tensor loss, int count, double threshold = 0.7)
    {
        OperatorInput.Positive(count, nameof(count));
        if (KernelLauncher.For(loss) is { } launcher)
        {
            return HardExamplesCuda.TopAfterNms(launcher, boxes, loss, count, threshold);
        }

        OperatorInput.Boxes(boxes, nameof(boxes));
        OperatorInput.Vector(loss, nameof(loss), boxes.shape[0], ScalarType.Float32);
        using Tensor b = boxes.contiguous();
        using Tensor l = loss.contiguous();
        int entries = checked((int)b.shape[0]);
        using var memory = new Scratch<int>(2L * entries);
        int* order = memory.Pointer, keep = order + entries;
        ScoreOrder.Descending((float*)Engine.Pointer(l), entries, order);
        return Result(keep, NmsCpu.Run((float*)Engine.Pointer(b), order, entries, null, 1, threshold, count, keep));
    }

    /// <summary>All positives, and the negatives with the highest losses up to a multiple of their number (Liu et al. 2016, SSD, §2.2: 3 to 1).</summary>
    /// <param name="loss">[N] float32</param>
    /// <param name="labels">[N] int64: ≥ 1 positive, 0 negative, below 0 never taken</param>
    /// <param name="ratio">Negatives for each positive, ≥ 0; the product is rounded down.</param>
    /// <param name="minimum">Negatives to take however few the positives, ≥ 0: an image without objects gives these.</param>
    /// <returns>Indices, rising.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a number out of range.</exception>
    public static SampledIndices Negatives(Tensor loss, Tensor labels, double ratio = 3, int minimum = 1)
    {
        if (CpuDetour.Needed(loss))
        {
            using var scope = NewDisposeScope();
            Tensor[] inputs = CpuDetour.Fetch(loss, labels);
            SampledIndices there = Negatives(inputs[0], inputs[1], ratio, minimum);
            return new SampledIndices(CpuDetour.Back(there.Positive, loss.device), CpuDetour.Back(there.Negative, loss.device));
        }

        Vector(loss);
        OperatorInput.Vector(labels, nameof(labels), loss.shape[0], ScalarType.Int64);
        if (!(ratio >= 0 && double.IsFinite(ratio)) || minimum < 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"ratio ≥ 0 and minimum ≥ 0 expected, got {ratio} and {minimum}"));
        }

        using Tensor l = loss.contiguous();
        using Tensor t = labels.contiguous();
        float* value = (float*)Engine.Pointer(l);
        long* label = (long*)Engine.Pointer(t);
        int entries = checked((int)l.shape[0]), negatives = 0;
        using var losses = new Scratch<float>(entries);
        using var indices = new Scratch<int>(2L * entries);
        int* order = indices.Pointer + entries;
        var positive = new List<long>();
        for (int i = 0; i < entries; i++)
        {
            if (label[i] >= 1)
            {
                positive.Add(i);
            }
            else if (label[i] == 0)
            {
                losses.Pointer[negatives] = value[i];
                indices.Pointer[negatives++] = i;
            }
        }

        int wanted = (int)Math.Min(negatives, Math.Max(minimum, Math.Floor(ratio * positive.Count)));
        var hard = new long[ScoreOrder.Top(losses.Pointer, negatives, wanted, order)];
        for (int i = 0; i < hard.Length; i++)
        {
            hard[i] = indices.Pointer[order[i]];
        }

        Array.Sort(hard);
        return new SampledIndices(tensor(positive.ToArray(), int64), tensor(hard, int64));
    }

    private static void Vector(Tensor loss)
    {
        OperatorInput.Float32(loss, nameof(loss));
        if (loss.dim() != 1)
        {
            throw new ArgumentException($"loss [N] expected, got {OperatorInput.Shape(loss)}", nameof(loss));
        }
    }

    private static Tensor Result(int* indices, int count)
    {
        Tensor result = empty([count], int64);
        long* p = (long*)Engine.Pointer(result);
        for (int i = 0; i < count; i++)
        {
            p[i] = indices[i];
        }

        return result;
    }
}
