using System.Globalization;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Boxes that remain, by falling decayed score: [n] int64 indices into the input and [n] float32 scores.</summary>
public sealed record SoftNmsResult(Tensor Keep, Tensor Scores) : IDisposable
{
    /// <summary>Disposes both tensors.</summary>
    public void Dispose()
    {
        Keep.Dispose();
        Scores.Dispose();
    }
}

/// <summary>
/// Soft non-maximum suppression (Bodla et al. 2017, fig. 3): again and again the best box is taken, and the scores of those left decay with their IoU to it. Among
/// equal scores the lower index is taken. A box is dropped once its score is below the threshold; a NaN score is never above it. A NaN IoU decays nothing. Boxes and
/// scores are float32; scores are ≥ 0 by meaning, no gradient. O(N²) in time, O(N) in memory.
/// </summary>
public static unsafe class SoftNms
{
    /// <summary>Decay among all boxes.</summary>
    /// <param name="boxes">[N,4] (x1,y1,x2,y2)</param>
    /// <param name="scores">[N]</param>
    /// <param name="decay">Linear or Gaussian.</param>
    /// <param name="scoreThreshold">A box stays while its score is at or above this float32.</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <returns>N = 0 gives none.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a NaN threshold.</exception>
    public static SoftNmsResult Run(Tensor boxes, Tensor scores, SoftNmsDecay decay, double scoreThreshold = 0.001, BoxExtent extent = BoxExtent.HalfOpen) =>
        Run(boxes, scores, null, decay, scoreThreshold, extent);

    /// <summary>Decay within each class; the result is ordered over all classes.</summary>
    /// <param name="boxes">[N,4] (x1,y1,x2,y2)</param>
    /// <param name="scores">[N]</param>
    /// <param name="idxs">[N] int64: class of each box, any values</param>
    /// <param name="decay">Linear or Gaussian.</param>
    /// <param name="scoreThreshold">A box stays while its score is at or above this float32.</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <returns>N = 0 gives none.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a NaN threshold.</exception>
    public static SoftNmsResult Batched(Tensor boxes, Tensor scores, Tensor idxs, SoftNmsDecay decay, double scoreThreshold = 0.001, BoxExtent extent = BoxExtent.HalfOpen)
    {
        if (!CpuDetour.Needed(boxes))
        {
            OperatorInput.Boxes(boxes, nameof(boxes));
            OperatorInput.Vector(idxs, nameof(idxs), boxes.shape[0], ScalarType.Int64);
        }

        return Run(boxes, scores, idxs, decay, scoreThreshold, extent);
    }

    private static SoftNmsResult Run(Tensor boxes, Tensor scores, Tensor? idxs, SoftNmsDecay decay, double scoreThreshold, BoxExtent extent)
    {
        if (CpuDetour.Needed(boxes))
        {
            using var scope = NewDisposeScope();
            Tensor[] inputs = CpuDetour.Fetch(boxes, scores, idxs);
            SoftNmsResult there = Run(inputs[0], inputs[1], idxs is null ? null : inputs[2], decay, scoreThreshold, extent);
            return new SoftNmsResult(CpuDetour.Back(there.Keep, boxes.device), CpuDetour.Back(there.Scores, boxes.device));
        }

        OperatorInput.Boxes(boxes, nameof(boxes));
        OperatorInput.Vector(scores, nameof(scores), boxes.shape[0], ScalarType.Float32);
        ArgumentNullException.ThrowIfNull(decay);
        if (double.IsNaN(scoreThreshold))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"a number expected as score threshold, got {scoreThreshold}"), nameof(scoreThreshold));
        }

        float extra = extent.Extra();
        int count = checked((int)boxes.shape[0]);
        using Tensor b = boxes.contiguous();
        using Tensor s = scores.contiguous();
        using var groups = new Scratch<int>(3L * count);
        int* member = groups.Pointer, dense = member + count, order = dense + count;
        int classes = 1;
        new Span<int>(dense, count).Clear();
        if (idxs is not null && count > 0)
        {
            using Tensor c = idxs.contiguous();
            classes = BatchedNms.Dense((long*)Engine.Pointer(c), count, dense);
        }

        // Members of each class together, in index order.
        using var starts = new Scratch<int>(classes + 1L);
        int* start = starts.Pointer;
        Group(dense, count, classes, start, member);

        // Decayed scores by index; dropped boxes keep NaN.
        using var decayed = new Scratch<float>(count);
        float* left = decayed.Pointer, box = (float*)Engine.Pointer(b), score = (float*)Engine.Pointer(s);
        new Span<float>(left, count).Fill(float.NaN);
        ParallelLoop.Run(classes, k => SoftNmsCpu.Run(box, score, member + start[k], start[k + 1] - start[k], decay, (float)scoreThreshold, extra, left));
        return Result(left, count, order);
    }

    private static void Group(int* dense, int count, int classes, int* start, int* member)
    {
        new Span<int>(start, classes + 1).Clear();
        for (int i = 0; i < count; i++)
        {
            start[dense[i] + 1]++;
        }

        for (int k = 0; k < classes; k++)
        {
            start[k + 1] += start[k];
        }

        using var next = new Scratch<int>(classes);
        new Span<int>(start, classes).CopyTo(new Span<int>(next.Pointer, classes));
        for (int i = 0; i < count; i++)
        {
            member[next.Pointer[dense[i]]++] = i;
        }
    }

    // NaN sorts first: those are the dropped ones.
    private static SoftNmsResult Result(float* left, int count, int* order)
    {
        int dropped = 0;
        for (int i = 0; i < count; i++)
        {
            dropped += float.IsNaN(left[i]) ? 1 : 0;
        }

        ScoreOrder.Descending(left, count, order);
        Tensor keep = empty([count - dropped], int64), scores = empty([count - dropped], float32);
        long* k = (long*)Engine.Pointer(keep);
        float* s = (float*)Engine.Pointer(scores);
        for (int i = dropped; i < count; i++)
        {
            k[i - dropped] = order[i];
            s[i - dropped] = left[order[i]];
        }

        return new SoftNmsResult(keep, scores);
    }
}
