using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Soft suppression of one group. What is left lies in structure-of-arrays form, in index order: one pass decays it and finds the next best. Taken and dropped
/// boxes have score NaN until more than half are gone; then the rest is moved together.
/// </summary>
internal static unsafe class SoftNmsCpu
{
    private const int Pad = 16;

    /// <param name="boxes">[·,4]</param>
    /// <param name="scores">[·]</param>
    /// <param name="members">[count]: indices of the group, rising</param>
    /// <param name="extra">Added to each side in areas and intersections.</param>
    /// <param name="left">[·]: receives the score of each box at the moment it is taken; dropped boxes are not written</param>
    public static void Run(float* boxes, float* scores, int* members, int count, SoftNmsDecay decay, float scoreThreshold, float extra, float* left)
    {
        int capacity = (count + Pad - 1) / Pad * Pad;
        using var memory = new Scratch<float>(6L * capacity);
        using var indices = new Scratch<int>(count);
        new Span<float>(memory.Pointer, 6 * capacity).Fill(float.NaN);
        var rest = new Rest(memory.Pointer, capacity, indices.Pointer);
        int n = 0;
        for (int i = 0; i < count; i++)
        {
            float score = scores[members[i]];
            if (score >= scoreThreshold)
            {
                rest.Set(n++, boxes + 4L * members[i], score, extra, members[i]);
            }
        }

        int alive = n;
        while (alive > 0)
        {
            int best = Best(rest.Score, n);
            left[rest.Index[best]] = rest.Score[best];
            rest.Score[best] = float.NaN;
            alive -= 1 + Decay(rest, n, best, decay, scoreThreshold, extra);
            if (alive < n / 2)
            {
                n = rest.MoveTogether(n);
            }
        }
    }

    // The first of the greatest; NaN is greater than nothing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Best(float* score, int count)
    {
        int best = -1;
        for (int i = 0; i < count; i++)
        {
            if (score[i] > (best < 0 ? float.NegativeInfinity : score[best]) || (best < 0 && !float.IsNaN(score[i])))
            {
                best = i;
            }
        }

        return best;
    }

    // Returns how many fell below the threshold.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Decay(in Rest rest, int count, int best, SoftNmsDecay decay, float scoreThreshold, float extra)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Decay<Lanes512, Vector512<float>>(rest, count, best, decay, scoreThreshold, extra);
        }

        if (Vector256.IsHardwareAccelerated)
        {
            return Decay<Lanes256, Vector256<float>>(rest, count, best, decay, scoreThreshold, extra);
        }

        return Vector128.IsHardwareAccelerated
            ? Decay<Lanes128, Vector128<float>>(rest, count, best, decay, scoreThreshold, extra)
            : Decay<Lanes1, float>(rest, count, best, decay, scoreThreshold, extra);
    }

    // Lanes beyond `count` hold NaN, whose IoU exceeds nothing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Decay<TLanes, TVector>(in Rest rest, int count, int best, SoftNmsDecay decay, float scoreThreshold, float extra)
        where TLanes : struct, ILanes<TVector>
        where TVector : unmanaged
    {
        float* sx1 = rest.X1, sy1 = rest.Y1, sx2 = rest.X2, sy2 = rest.Y2, sArea = rest.Area, score = rest.Score;
        float* ious = stackalloc float[Pad];
        TVector left = TLanes.Create(sx1[best]), top = TLanes.Create(sy1[best]), right = TLanes.Create(sx2[best]), bottom = TLanes.Create(sy2[best]);
        TVector own = TLanes.Create(sArea[best]), harmless = TLanes.Create(decay.HarmlessIou), more = TLanes.Create(extra), zero = default;
        int dropped = 0;
        for (int k = 0; k < count; k += TLanes.Count)
        {
            TVector w = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(right, TLanes.Load(sx2 + k)), TLanes.Max(left, TLanes.Load(sx1 + k))), more), zero);
            TVector h = TLanes.Max(TLanes.Add(TLanes.Subtract(TLanes.Min(bottom, TLanes.Load(sy2 + k)), TLanes.Max(top, TLanes.Load(sy1 + k))), more), zero);
            TVector intersection = TLanes.Multiply(w, h);
            TVector iou = TLanes.Divide(intersection, TLanes.Subtract(TLanes.Add(TLanes.Load(sArea + k), own), intersection));
            uint hit = TLanes.Bits(TLanes.Greater(iou, harmless));
            if (hit == 0)
            {
                continue;
            }

            TLanes.Store(iou, ious);
            for (; hit != 0; hit &= hit - 1)
            {
                int lane = System.Numerics.BitOperations.TrailingZeroCount(hit), i = k + lane;
                if (float.IsNaN(score[i]))
                {
                    continue;
                }

                score[i] *= decay.Factor(ious[lane]);
                if (!(score[i] >= scoreThreshold))
                {
                    score[i] = float.NaN;
                    dropped++;
                }
            }
        }

        return dropped;
    }

    private readonly struct Rest(float* memory, int capacity, int* indices)
    {
        public readonly float* X1 = memory, Y1 = memory + capacity, X2 = memory + 2L * capacity, Y2 = memory + 3L * capacity;
        public readonly float* Area = memory + 4L * capacity, Score = memory + 5L * capacity;
        public readonly int* Index = indices;

        public void Set(int k, float* box, float score, float extra, int index)
        {
            X1[k] = box[0];
            Y1[k] = box[1];
            X2[k] = box[2];
            Y2[k] = box[3];
            Area[k] = (box[2] - box[0] + extra) * (box[3] - box[1] + extra);
            Score[k] = score;
            Index[k] = index;
        }

        public int MoveTogether(int count)
        {
            int n = 0;
            for (int i = 0; i < count; i++)
            {
                if (!float.IsNaN(Score[i]))
                {
                    (X1[n], Y1[n], X2[n], Y2[n], Area[n], Score[n], Index[n]) = (X1[i], Y1[i], X2[i], Y2[i], Area[i], Score[i], Index[i]);
                    n++;
                }
            }

            // What a vector load may still reach.
            for (int i = n; i < Math.Min(n + Pad, count); i++)
            {
                Score[i] = float.NaN;
            }

            return n;
        }
    }
}
