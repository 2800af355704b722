using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>NMS per class on raw memory, for <see cref="Nms.Batched"/>, proposals and detections.</summary>
internal static unsafe class BatchedNms
{
    /// <summary>torchvision's limit on a CPU: 4000 coordinates.</summary>
    internal const int OffsetLimit = 1000;

    /// <param name="boxes">[count,4]</param>
    /// <param name="limit">Stop after this many.</param>
    /// <param name="keep">[count]: receives the kept indices by falling score</param>
    /// <param name="extra">Added to each side.</param>
    /// <param name="ties">Which of two equal scores goes first.</param>
    /// <returns>How many were kept.</returns>
    public static int Run(float* boxes, float* scores, long* classes, int count, double threshold, int limit, int* keep, float extra = 0, TieOrder ties = TieOrder.LowerIndexFirst)
    {
        if (count == 0)
        {
            return 0;
        }

        using var orderMemory = new Scratch<int>(2L * count);
        int* order = orderMemory.Pointer, dense = order + count;
        ScoreOrder.Descending(scores, count, order, ties);
        if (count > OffsetLimit || extra != 0)
        {
            int classCount = Dense(classes, count, dense);
            return NmsCpu.Run(boxes, order, count, dense, classCount, threshold, limit, keep, extra);
        }

        using var moved = new Scratch<float>(4L * count);
        float largest = boxes[0];
        for (int i = 1; i < 4 * count; i++)
        {
            largest = MathF.Max(largest, boxes[i]);
        }

        for (int i = 0; i < count; i++)
        {
            float offset = classes[i] * (largest + 1f);
            for (int k = 4 * i; k < 4 * i + 4; k++)
            {
                moved.Pointer[k] = boxes[k] + offset;
            }
        }

        return NmsCpu.Run(moved.Pointer, order, count, null, 1, threshold, limit, keep);
    }

    // Numbers the classes that occur 0, 1, 2, …
    public static int Dense(long* classes, int count, int* dense)
    {
        long low = classes[0], high = classes[0];
        for (int i = 1; i < count; i++)
        {
            low = Math.Min(low, classes[i]);
            high = Math.Max(high, classes[i]);
        }

        if ((ulong)(high - low) < (ulong)(count + 1024L))
        {
            for (int i = 0; i < count; i++)
            {
                dense[i] = (int)(classes[i] - low);
            }

            return (int)(high - low) + 1;
        }

        var numbers = new Dictionary<long, int>();
        for (int i = 0; i < count; i++)
        {
            if (!numbers.TryGetValue(classes[i], out int number))
            {
                number = numbers.Count;
                numbers.Add(classes[i], number);
            }

            dense[i] = number;
        }

        return numbers.Count;
    }
}
