using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Suppression by kernel, with the results of the CPU's path. The host waits once, for the number of kept boxes.</summary>
internal static class NmsCuda
{
    /// <summary>Words of 64 boxes that the reducing kernel holds.</summary>
    private const long MostBoxes = 64 * 4096;

    public static Tensor Run(IKernelLauncher launcher, Tensor boxes, Tensor scores, double threshold, float extra, TieOrder ties)
    {
        Check(boxes, scores);
        return Result(Select(launcher, boxes, scores, null, null, threshold, int.MaxValue, extra, ties));
    }

    public static Tensor Batched(IKernelLauncher launcher, Tensor boxes, Tensor scores, Tensor idxs, double threshold, float extra, TieOrder ties)
    {
        Check(boxes, scores);
        KernelTensor.OfType(idxs, nameof(idxs), ScalarType.Int64, boxes, boxes.shape[0]);
        return Result(Select(launcher, boxes, scores, idxs, null, threshold, int.MaxValue, extra, ties));
    }

    /// <summary>The kept indices by falling score, without waiting for the device.</summary>
    /// <param name="classes">[N] int64 or null for one class</param>
    /// <param name="valid">[N] bool: the boxes that take part; null for all</param>
    /// <param name="limit">Stop after this many.</param>
    /// <returns>[N] int64, of which the first Count [1] int32 are set</returns>
    public static (Tensor Keep, Tensor Count) Select(IKernelLauncher launcher, Tensor boxes, Tensor scores, Tensor? classes, Tensor? valid, double threshold, int limit,
        float extra = 0, TieOrder ties = TieOrder.LowerIndexFirst)
    {
        long count = boxes.shape[0];
        if (count > MostBoxes)
        {
            throw new ArgumentException($"at most {MostBoxes} boxes expected, got {count}", nameof(boxes));
        }

        Tensor keep = empty([count], int64, boxes.device), kept = zeros([1], int32, boxes.device);
        if (count == 0)
        {
            return (keep, kept);
        }

        using var scope = NewDisposeScope();
        Tensor b = boxes.contiguous();
        Tensor order = ties == TieOrder.LowerIndexFirst
            ? scores.sort(0, descending: true, stable: true).Indices
            : scores.sort(0, descending: false, stable: true).Indices.flip(0);
        Tensor sorted = empty([count, 4], float32, boxes.device), sortedClasses = empty([count], int64, boxes.device), sortedValid = empty([count], uint8, boxes.device);
        Tensor? largest = null, validCount = null, mask = valid?.to(uint8).contiguous(), own = classes?.contiguous();
        if (classes is not null)
        {
            Tensor coordinates = valid is null ? b : where(valid.to(ScalarType.Bool).unsqueeze(1), b, full_like(b, double.NegativeInfinity));
            largest = coordinates.amax([0, 1]);
            validCount = valid is null ? full([1], (int)count, int32, boxes.device) : valid.to(int32).sum(dim: 0, type: int32);
        }

        const int Threads = 256;
        int n = (int)count;
        launcher.Launch(new("nms", "nms_prepare"), KernelGrid.Over(count, Threads), Threads,
            b, order, own, mask, validCount, largest, extra == 0 ? BatchedNms.OffsetLimit : -1, n, sorted, sortedClasses, sortedValid);
        long words = (count + 63) / 64;
        Tensor suppresses = empty([count, words], int64, boxes.device);
        launcher.Launch(new("nms", "nms_overlaps"), new(words, words), 64, sorted, sortedClasses, n, extra, NmsCpu.LargestNotAbove(threshold), suppresses);
        launcher.Launch(new("nms", "nms_reduce"), new(1), 1024, suppresses, order, sortedValid, n, limit, keep, kept);
        return (keep, kept);
    }

    private static Tensor Result((Tensor Keep, Tensor Count) selected)
    {
        using Tensor keep = selected.Keep, count = selected.Count;
        return keep.narrow(0, 0, count.to(int64).item<long>()).clone();
    }

    private static void Check(Tensor boxes, Tensor scores)
    {
        KernelTensor.Float32(boxes, nameof(boxes), boxes, -1, 4);
        KernelTensor.Float32(scores, nameof(scores), boxes, boxes.shape[0]);
    }
}
