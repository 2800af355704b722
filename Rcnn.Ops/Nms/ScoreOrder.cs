using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>
/// Orders scores from high to low. Equal scores keep their index order, −0 equals +0, and NaN counts as the highest, as torch sorts.
/// A radix sort over the float's bits, three passes of 11 bits: linear, stable, and independent of the data.
/// </summary>
internal static unsafe class ScoreOrder
{
    private const int RadixBits = 11;
    private const int Buckets = 1 << RadixBits;

    /// <summary>Indices of <paramref name="scores"/> by falling score, equal ones as <paramref name="ties"/> says.</summary>
    public static void Descending(float* scores, int count, int* order, TieOrder ties)
    {
        Descending(scores, count, order);
        for (int first = 0, end; ties == TieOrder.HigherIndexFirst && first < count; first = end)
        {
            uint key = Key(scores[order[first]]);
            for (end = first + 1; end < count && Key(scores[order[end]]) == key; end++)
            {
            }

            new Span<int>(order + first, end - first).Reverse();
        }
    }

    /// <summary>Indices of <paramref name="scores"/> by falling score.</summary>
    public static void Descending(float* scores, int count, int* order)
    {
        using var keys = new Scratch<uint>(2L * count);
        using var spare = new Scratch<int>(count);
        for (int i = 0; i < count; i++)
        {
            keys.Pointer[i] = Key(scores[i]);
            order[i] = i;
        }

        Sort(keys.Pointer, keys.Pointer + count, order, spare.Pointer, count);
    }

    /// <summary>The first <paramref name="k"/> entries that <see cref="Descending(float*, int, int*)"/> would give, without sorting the rest.</summary>
    /// <returns>How many were written: the smaller of k and count.</returns>
    public static int Top(float* scores, int count, int k, int* order)
    {
        if (k >= count)
        {
            Descending(scores, count, order);
            return count;
        }

        if (k <= 0)
        {
            return 0;
        }

        // One histogram over the leading bits finds the bucket that holds the k-th score; better buckets and that one are sorted.
        const int Shift = 16;
        using var histogram = new Scratch<int>(1 << (32 - Shift));
        new Span<int>(histogram.Pointer, 1 << (32 - Shift)).Clear();
        for (int i = 0; i < count; i++)
        {
            histogram.Pointer[Key(scores[i]) >> Shift]++;
        }

        int taken = 0;
        uint last = 0;
        for (; taken < k; last++)
        {
            taken += histogram.Pointer[last];
        }

        using var keys = new Scratch<uint>(2L * taken);
        using var candidates = new Scratch<int>(2L * taken);
        int n = 0;
        for (int i = 0; i < count; i++)
        {
            uint key = Key(scores[i]);
            if (key >> Shift < last)
            {
                keys.Pointer[n] = key;
                candidates.Pointer[n++] = i;
            }
        }

        Sort(keys.Pointer, keys.Pointer + taken, candidates.Pointer, candidates.Pointer + taken, taken);
        new Span<int>(candidates.Pointer, k).CopyTo(new Span<int>(order, k));
        return k;
    }

    // Rising unsigned keys for falling scores.
    private static uint Key(float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        if (float.IsNaN(score))
        {
            return 0;
        }

        return (bits & 0x8000_0000) != 0 ? bits : ~(bits | 0x8000_0000);
    }

    private static void Sort(uint* keys, uint* spareKeys, int* values, int* spareValues, int count)
    {
        if (count <= 64)
        {
            Insertion(keys, values, count);
            return;
        }

        int* counts = stackalloc int[3 * Buckets];
        for (int i = 0; i < count; i++)
        {
            uint key = keys[i];
            counts[key & (Buckets - 1)]++;
            counts[Buckets + ((key >> RadixBits) & (Buckets - 1))]++;
            counts[2 * Buckets + (key >> (2 * RadixBits))]++;
        }

        uint* fromKeys = keys, toKeys = spareKeys;
        int* fromValues = values, toValues = spareValues;
        for (int pass = 0; pass < 3; pass++)
        {
            int* starts = counts + pass * Buckets;
            for (int b = 0, sum = 0; b < Buckets; b++)
            {
                int here = starts[b];
                starts[b] = sum;
                sum += here;
            }

            for (int i = 0; i < count; i++)
            {
                uint key = fromKeys[i];
                int to = starts[(key >> (pass * RadixBits)) & (Buckets - 1)]++;
                toKeys[to] = key;
                toValues[to] = fromValues[i];
            }

            uint* swapKeys = fromKeys;
            fromKeys = toKeys;
            toKeys = swapKeys;
            int* swapValues = fromValues;
            fromValues = toValues;
            toValues = swapValues;
        }

        // Three passes end in the spare arrays.
        new Span<uint>(spareKeys, count).CopyTo(new Span<uint>(keys, count));
        new Span<int>(spareValues, count).CopyTo(new Span<int>(values, count));
    }

    private static void Insertion(uint* keys, int* values, int count)
    {
        for (int i = 1; i < count; i++)
        {
            uint key = keys[i];
            int value = values[i];
            int j = i - 1;
            for (; j >= 0 && keys[j] > key; j--)
            {
                keys[j + 1] = keys[j];
                values[j + 1] = values[j];
            }

            keys[j + 1] = key;
            values[j + 1] = value;
        }
    }
}
