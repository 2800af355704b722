using System.Globalization;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// What a detector found in one scaled or flipped copy of an image, with boxes already in the coordinates of the image, and the sizes of objects that this copy is
/// trusted with.
/// </summary>
/// <param name="Boxes">[n,4] float32 (x1,y1,x2,y2)</param>
/// <param name="Scores">[n] float32</param>
/// <param name="Labels">[n] int64</param>
/// <param name="SmallestSide">√area in pixels of the image from which a box counts, inclusive.</param>
/// <param name="LargestSide">√area up to which it counts, exclusive.</param>
public sealed record ScaleDetections(Tensor Boxes, Tensor Scores, Tensor Labels, double SmallestSide = 0, double LargestSide = double.PositiveInfinity);

/// <summary>Detections of all copies, by falling score: [n,4] boxes, [n] scores, [n] int64 labels, and [n] int64 numbers of the copies they come from.</summary>
public sealed record FusedDetections(Tensor Boxes, Tensor Scores, Tensor Labels, Tensor Source) : IDisposable
{
    /// <summary>Disposes the four tensors.</summary>
    public void Dispose()
    {
        Boxes.Dispose();
        Scores.Dispose();
        Labels.Dispose();
        Source.Dispose();
    }
}

/// <summary>
/// Suppression over the union of several copies' detections. With size ranges, each copy speaks only for objects it saw at a fitting size (Singh &amp; Davis 2018, SNIP,
/// §5.2); a box without area, inverted or NaN is then in no range, while without ranges all take part. Equal scores: the earlier copy first, then the lower index.
/// </summary>
public static unsafe class MultiScaleNms
{
    /// <summary>Filters by size, joins, suppresses within each class.</summary>
    /// <param name="scales">At least one copy; each may be empty.</param>
    /// <param name="threshold">IoU in [0,1] above which the lower score of a class goes.</param>
    /// <param name="limit">At most so many detections.</param>
    /// <exception cref="ArgumentException">No copy, other shapes or types, an empty range, or a limit below 1.</exception>
    public static FusedDetections Run(IReadOnlyList<ScaleDetections> scales, double threshold, int limit = int.MaxValue)
    {
        if (scales.Count == 0 || limit < 1)
        {
            throw new ArgumentException($"at least one scale and a limit of at least 1 expected, got {scales.Count} and {limit}", nameof(scales));
        }

        if (CpuDetour.Needed(scales[0].Boxes))
        {
            using var scope = NewDisposeScope();
            Device device = scales[0].Boxes.device;
            FusedDetections there = Run([.. scales.Select(s => CpuDetour.Fetch(s.Boxes, s.Scores, s.Labels) is var t ? s with { Boxes = t[0], Scores = t[1], Labels = t[2] } : s)], threshold, limit);
            return new FusedDetections(
                CpuDetour.Back(there.Boxes, device), CpuDetour.Back(there.Scores, device), CpuDetour.Back(there.Labels, device), CpuDetour.Back(there.Source, device));
        }

        long total = 0;
        for (int k = 0; k < scales.Count; k++)
        {
            total += Check(scales[k], k);
        }

        int capacity = checked((int)total);
        using var boxMemory = new Scratch<float>(5L * capacity);
        using var longMemory = new Scratch<long>(2L * capacity);
        using var keepMemory = new Scratch<int>(capacity);
        float* boxes = boxMemory.Pointer, scores = boxes + 4L * capacity;
        long* labels = longMemory.Pointer, sources = labels + capacity;
        int n = 0;
        for (int k = 0; k < scales.Count; k++)
        {
            n = Append(scales[k], k, boxes, scores, labels, sources, n);
        }

        int kept = BatchedNms.Run(boxes, scores, labels, n, threshold, limit, keepMemory.Pointer);
        return Gather(boxes, scores, labels, sources, keepMemory.Pointer, kept);
    }

    private static long Check(ScaleDetections scale, int number)
    {
        OperatorInput.Boxes(scale.Boxes, $"scales[{number}].Boxes");
        OperatorInput.Vector(scale.Scores, $"scales[{number}].Scores", scale.Boxes.shape[0], ScalarType.Float32);
        OperatorInput.Vector(scale.Labels, $"scales[{number}].Labels", scale.Boxes.shape[0], ScalarType.Int64);
        if (!(scale.SmallestSide < scale.LargestSide))
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture, $"scales[{number}]: smallest side < largest side expected, got {scale.SmallestSide} and {scale.LargestSide}"));
        }

        return scale.Boxes.shape[0];
    }

    private static int Append(ScaleDetections scale, int number, float* boxes, float* scores, long* labels, long* sources, int n)
    {
        using Tensor b = scale.Boxes.contiguous();
        using Tensor s = scale.Scores.contiguous();
        using Tensor l = scale.Labels.contiguous();
        float* box = (float*)Engine.Pointer(b), score = (float*)Engine.Pointer(s);
        long* label = (long*)Engine.Pointer(l);
        bool all = scale.SmallestSide <= 0 && double.IsPositiveInfinity(scale.LargestSide);
        for (long i = 0; i < b.shape[0]; i++, box += 4)
        {
            double width = (double)box[2] - box[0], height = (double)box[3] - box[1], side = Math.Sqrt(width * height);
            if (all || (width > 0 && height > 0 && side >= scale.SmallestSide && side < scale.LargestSide))
            {
                new Span<float>(box, 4).CopyTo(new Span<float>(boxes + 4L * n, 4));
                (scores[n], labels[n], sources[n]) = (score[i], label[i], number);
                n++;
            }
        }

        return n;
    }

    private static FusedDetections Gather(float* boxes, float* scores, long* labels, long* sources, int* keep, int count)
    {
        var result = new FusedDetections(empty([count, 4], float32), empty([count], float32), empty([count], int64), empty([count], int64));
        float* b = (float*)Engine.Pointer(result.Boxes), s = (float*)Engine.Pointer(result.Scores);
        long* l = (long*)Engine.Pointer(result.Labels), from = (long*)Engine.Pointer(result.Source);
        for (int i = 0; i < count; i++)
        {
            new Span<float>(boxes + 4L * keep[i], 4).CopyTo(new Span<float>(b + 4L * i, 4));
            (s[i], l[i], from[i]) = (scores[keep[i]], labels[keep[i]], sources[keep[i]]);
        }

        return result;
    }
}
