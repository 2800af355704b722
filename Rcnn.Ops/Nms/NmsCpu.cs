using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Greedy non-maximum suppression: a box stays when no box kept before it overlaps it by more than the threshold. Kept boxes lie in
/// structure-of-arrays form, so one candidate is tested against a whole vector of them.
/// </summary>
internal static unsafe class NmsCpu
{
    /// <param name="boxes">[count,4]</param>
    /// <param name="order">Indices by falling score.</param>
    /// <param name="classes">0 … <paramref name="classCount"/> − 1 for each box: boxes of different classes never suppress each other. Null for one class.</param>
    /// <param name="limit">Stop after this many kept boxes.</param>
    /// <param name="keep">Receives the kept indices, in the order of <paramref name="order"/>.</param>
    /// <param name="extra">Added to each side in areas and intersections.</param>
    /// <returns>How many were kept.</returns>
    public static int Run(float* boxes, int* order, int count, int* classes, int classCount, double threshold, int limit, int* keep, float extra = 0)
    {
        if (count == 0 || limit <= 0)
        {
            return 0;
        }

        // Segment of each class in the kept arrays, padded so that a vector load never reaches into the next one.
        using var starts = new Scratch<int>(2L * (classCount + 1));
        int* start = starts.Pointer, used = starts.Pointer + classCount + 1;
        int capacity = Segments(order, count, classes, classCount, start, used);
        using var kept = new Scratch<float>(5L * capacity);
        new Span<float>(kept.Pointer, 5 * capacity).Fill(float.NaN);
        var list = new KeptBoxes(kept.Pointer, capacity);
        float limitIou = LargestNotAbove(threshold);
        int n = 0;
        for (int i = 0; i < count && n < limit; i++)
        {
            int box = order[i];
            int c = classes == null ? 0 : classes[box];
            float* b = boxes + 4L * box;
            float area = (b[2] - b[0] + extra) * (b[3] - b[1] + extra);
            if (Suppressed(list, start[c], used[c], b[0], b[1], b[2], b[3], area, extra, limitIou))
            {
                continue;
            }

            list.Set(start[c] + used[c]++, b[0], b[1], b[2], b[3], area);
            keep[n++] = box;
        }

        return n;
    }

    /// <summary>A float32 IoU exceeds the double threshold exactly when it exceeds this float32.</summary>
    internal static float LargestNotAbove(double threshold)
    {
        float rounded = (float)threshold;
        return rounded > threshold ? MathF.BitDecrement(rounded) : rounded;
    }

    private static int Segments(int* order, int count, int* classes, int classCount, int* start, int* used)
    {
        new Span<int>(used, classCount + 1).Clear();
        if (classes == null)
        {
            used[0] = count;
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                used[classes[order[i]]]++;
            }
        }

        int sum = 0;
        for (int c = 0; c < classCount; c++)
        {
            start[c] = sum;
            sum += (used[c] + 15) / 16 * 16;
            used[c] = 0;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Suppressed(in KeptBoxes kept, int start, int count, float x1, float y1, float x2, float y2, float area, float extra, float threshold)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Suppressed<Lanes512, Vector512<float>>(kept, start, count, x1, y1, x2, y2, area, extra, threshold);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return Suppressed<Lanes256, Vector256<float>>(kept, start, count, x1, y1, x2, y2, area, extra, threshold);
        }

        return Vector128.IsHardwareAccelerated
            ? Suppressed<Lanes128, Vector128<float>>(kept, start, count, x1, y1, x2, y2, area, extra, threshold)
            : Suppressed<Lanes1, float>(kept, start, count, x1, y1, x2, y2, area, extra, threshold);
    }

    // Lanes beyond `count` hold NaN, whose IoU exceeds nothing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool Suppressed<TLanes, TVector>(in KeptBoxes kept, int start, int count, float x1, float y1, float x2, float y2, float area, float extra, float threshold)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector left = TLanes.Create(x1), top = TLanes.Create(y1), right = TLanes.Create(x2), bottom = TLanes.Create(y2);
        TVector own = TLanes.Create(area), limit = TLanes.Create(threshold), more = TLanes.Create(extra), zero = default;
        float* keptX1 = kept.X1, keptY1 = kept.Y1, keptX2 = kept.X2, keptY2 = kept.Y2, keptArea = kept.Area;
        for (int k = start; k < start + count; k += TLanes.Count)
        {
            TVector w = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(right, TLanes.Load(keptX2 + k)), TLanes.Max(left, TLanes.Load(keptX1 + k))), more), zero);
            TVector h = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(bottom, TLanes.Load(keptY2 + k)), TLanes.Max(top, TLanes.Load(keptY1 + k))), more), zero);
            TVector intersection = TLanes.Multiply(w, h);
            TVector union = TLanes.Subtract(TLanes.Add(TLanes.Load(keptArea + k), own), intersection);
            if (TLanes.Bits(TLanes.Greater(TLanes.Divide(intersection, union), limit)) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private readonly struct KeptBoxes(float* memory, int capacity)
    {
        public readonly float* X1 = memory, Y1 = memory + capacity, X2 = memory + 2L * capacity, Y2 = memory + 3L * capacity, Area = memory + 4L * capacity;

        public void Set(int k, float x1, float y1, float x2, float y2, float area)
        {
            X1[k] = x1;
            Y1[k] = y1;
            X2[k] = x2;
            Y2[k] = y2;
            Area[k] = area;
        }
    }
}
