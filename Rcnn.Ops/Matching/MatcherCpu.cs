using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// IoU and matching in one pass over the anchors: the [gt, anchors] matrix never exists. Anchors go in pieces of 1024; each piece keeps
/// the best gt of every anchor and the best IoU of every gt, and the second pass visits only pieces that hold some gt's maximum.
/// </summary>
internal static unsafe class MatcherCpu
{
    private const int AnchorsPerPiece = 1024;

    /// <param name="anchors">[count,4]</param>
    /// <param name="truths">[truthCount,4], at least one</param>
    /// <param name="extra">Added to each side in areas and intersections.</param>
    /// <param name="matches">[count]: index of a gt, −1 below <paramref name="low"/>, −2 between</param>
    public static void Fused(float* anchors, int count, float* truths, int truthCount, float extra, float high, float low, bool rescue, long* matches)
    {
        int pieces = (count + AnchorsPerPiece - 1) / AnchorsPerPiece;
        using var best = new Scratch<int>(count);
        using var tops = new Scratch<float>((long)pieces * truthCount);
        using var gt = new BoxArrays(truths, truthCount, extra);
        BoxArrays truth = gt;
        int* bestTruth = best.Pointer;
        float* top = tops.Pointer;
        bool regularTruths = Regular(truth, truthCount, extra);
        ParallelLoop.Run(pieces, piece =>
        {
            int first = piece * AnchorsPerPiece, n = Math.Min(AnchorsPerPiece, count - first);
            using var part = new BoxArrays(anchors + 4L * first, n, extra);
            using var values = new Scratch<float>(part.Padded);
            float* pieceTop = top + (long)piece * truthCount;
            if (regularTruths && Regular(part, n, extra))
            {
                PadWith(part, n);
                Best(part, n, truth, truthCount, extra, values.Pointer, bestTruth + first, pieceTop);
            }
            else
            {
                BestWithNaN(part, n, truth, truthCount, extra, values.Pointer, bestTruth + first, pieceTop);
            }

            Decide(values.Pointer, bestTruth + first, n, high, low, matches + first);
        });

        if (rescue)
        {
            Rescue(anchors, count, truth, truthCount, extra, top, pieces, bestTruth, matches);
        }
    }

    /// <param name="quality">[truthCount, count]</param>
    public static void FromQuality(float* quality, int truthCount, int count, float high, float low, bool rescue, long* matches)
    {
        using var best = new Scratch<int>(count);
        using var values = new Scratch<float>(count);
        int* index = best.Pointer;
        float* value = values.Pointer;
        new Span<int>(index, count).Clear();
        new Span<float>(quality, count).CopyTo(new Span<float>(value, count));
        for (int g = 1; g < truthCount; g++)
        {
            float* row = quality + (long)g * count;
            for (int i = 0; i < count; i++)
            {
                if (Exceeds(row[i], value[i]))
                {
                    value[i] = row[i];
                    index[i] = g;
                }
            }
        }

        Decide(value, index, count, high, low, matches);
        for (int g = 0; rescue && g < truthCount; g++)
        {
            float* row = quality + (long)g * count;
            float top = float.NegativeInfinity;
            for (int i = 0; i < count; i++)
            {
                top = Exceeds(row[i], top) ? row[i] : top;
            }

            for (int i = 0; i < count; i++)
            {
                if (row[i] == top)
                {
                    matches[i] = index[i];
                }
            }
        }
    }

    // NaN ranks above every number and the first NaN wins, as torch's max does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Exceeds(float candidate, float best) => candidate > best || (float.IsNaN(candidate) && !float.IsNaN(best));

    private static void Decide(float* value, int* index, int count, float high, float low, long* matches)
    {
        for (int i = 0; i < count; i++)
        {
            matches[i] = value[i] < low ? Matcher.BelowLow : value[i] < high ? Matcher.Between : index[i];
        }
    }

    // Positive finite areas: then two boxes that do not meet have IoU 0, and no IoU is NaN.
    private static bool Regular(in BoxArrays boxes, int count, float extra)
    {
        for (int i = 0; i < count; i++)
        {
            if (!(boxes.Area[i] > 0 && boxes.Area[i] < float.MaxValue && boxes.X2[i] - boxes.X1[i] + extra > 0))
            {
                return false;
            }
        }

        return true;
    }

    // Lanes of the last vector repeat the last box, which changes no maximum.
    private static void PadWith(in BoxArrays boxes, int count)
    {
        for (int i = count; i < boxes.Padded; i++)
        {
            boxes.X1[i] = boxes.X1[count - 1];
            boxes.Y1[i] = boxes.Y1[count - 1];
            boxes.X2[i] = boxes.X2[count - 1];
            boxes.Y2[i] = boxes.Y2[count - 1];
            boxes.Area[i] = boxes.Area[count - 1];
        }
    }

    private static void Best(in BoxArrays part, int count, in BoxArrays truth, int truthCount, float extra, float* value, int* index, float* top)
    {
        new Span<float>(value, part.Padded).Clear();
        using var indexLanes = new Scratch<float>(part.Padded);
        new Span<float>(indexLanes.Pointer, part.Padded).Clear();
        for (int g = 0; g < truthCount; g++)
        {
            float* lanes = indexLanes.Pointer;
            top[g] = Vector512.IsHardwareAccelerated ? Best<Lanes512, Vector512<float>>(part, truth, g, extra, value, lanes)
                : Vector256.IsHardwareAccelerated ? Best<Lanes256, Vector256<float>>(part, truth, g, extra, value, lanes)
                : Vector128.IsHardwareAccelerated ? Best<Lanes128, Vector128<float>>(part, truth, g, extra, value, lanes)
                : Best<Lanes1, float>(part, truth, g, extra, value, lanes);
        }

        new Span<int>((int*)indexLanes.Pointer, count).CopyTo(new Span<int>(index, count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Best<TLanes, TVector>(in BoxArrays part, in BoxArrays truth, int g, float extra, float* value, float* index)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        TVector x1 = TLanes.Create(truth.X1[g]), y1 = TLanes.Create(truth.Y1[g]), x2 = TLanes.Create(truth.X2[g]), y2 = TLanes.Create(truth.Y2[g]);
        TVector area = TLanes.Create(truth.Area[g]), zero = default, top = default, more = TLanes.Create(extra);
        TVector self = TLanes.Create(BitConverter.Int32BitsToSingle(g));
        float* px1 = part.X1, py1 = part.Y1, px2 = part.X2, py2 = part.Y2, pArea = part.Area;
        for (int i = 0; i < part.Padded; i += TLanes.Count)
        {
            TVector w = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(x2, TLanes.Load(px2 + i)), TLanes.Max(x1, TLanes.Load(px1 + i))), more), zero);
            TVector h = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(y2, TLanes.Load(py2 + i)), TLanes.Max(y1, TLanes.Load(py1 + i))), more), zero);
            TVector intersection = TLanes.Multiply(w, h);
            if (TLanes.Bits(TLanes.Greater(intersection, zero)) == 0)
            {
                continue;
            }

            TVector iou = TLanes.Divide(intersection, TLanes.Subtract(TLanes.Add(area, TLanes.Load(pArea + i)), intersection));
            TVector before = TLanes.Load(value + i);
            TLanes.Store(TLanes.Select(TLanes.Greater(iou, before), self, TLanes.Load(index + i)), index + i);
            TLanes.Store(TLanes.Max(iou, before), value + i);
            top = TLanes.Max(iou, top);
        }

        return TLanes.MaxAcross(top);
    }

    private static void BestWithNaN(in BoxArrays part, int count, in BoxArrays truth, int truthCount, float extra, float* value, int* index, float* top)
    {
        for (int g = 0; g < truthCount; g++)
        {
            top[g] = float.NegativeInfinity;
            for (int i = 0; i < count; i++)
            {
                float iou = Iou(part, i, truth, g, extra);
                if (g == 0 || Exceeds(iou, value[i]))
                {
                    value[i] = iou;
                    index[i] = g;
                }

                top[g] = Exceeds(iou, top[g]) ? iou : top[g];
            }
        }
    }

    // Every anchor that shares a gt's highest IoU gets its own best gt back, whatever its IoU (Ren et al. 2015, §3.1.2, case i).
    private static void Rescue(float* anchors, int count, BoxArrays truth, int truthCount, float extra, float* top, int pieces, int* bestTruth, long* matches)
    {
        using var highest = new Scratch<float>(truthCount);
        float* max = highest.Pointer;
        for (int g = 0; g < truthCount; g++)
        {
            max[g] = float.NegativeInfinity;
            for (int piece = 0; piece < pieces; piece++)
            {
                float candidate = top[(long)piece * truthCount + g];
                max[g] = Exceeds(candidate, max[g]) ? candidate : max[g];
            }
        }

        ParallelLoop.Run(pieces, piece =>
        {
            int first = piece * AnchorsPerPiece, n = Math.Min(AnchorsPerPiece, count - first);
            bool any = false;
            for (int g = 0; g < truthCount; g++)
            {
                any |= top[(long)piece * truthCount + g] == max[g];
            }

            if (!any)
            {
                return;
            }

            using var part = new BoxArrays(anchors + 4L * first, n, extra);
            for (int g = 0; g < truthCount; g++)
            {
                for (int i = 0; top[(long)piece * truthCount + g] == max[g] && i < n; i++)
                {
                    if (Iou(part, i, truth, g, extra) == max[g])
                    {
                        matches[first + i] = bestTruth[first + i];
                    }
                }
            }
        });
    }

    private static float Iou(in BoxArrays a, int i, in BoxArrays b, int j, float extra)
    {
        float w = Lanes1.Max(Lanes1.Min(b.X2[j], a.X2[i]) - Lanes1.Max(b.X1[j], a.X1[i]) + extra, 0f);
        float h = Lanes1.Max(Lanes1.Min(b.Y2[j], a.Y2[i]) - Lanes1.Max(b.Y1[j], a.Y1[i]) + extra, 0f);
        float intersection = w * h;
        return intersection / (b.Area[j] + a.Area[i] - intersection);
    }
}
