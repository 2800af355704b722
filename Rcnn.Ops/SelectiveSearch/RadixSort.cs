using Rcnn.Ops.Kernels;

namespace Rcnn.Ops;

/// <summary>Least significant digit first: three passes over 11, 11 and 10 bits, stable.</summary>
internal static unsafe class RadixSort
{
    private const int Low = 1 << 11, High = 1 << 10;

    /// <summary>Sorts 64-bit words by their upper half, ascending; equal ones keep their order. <paramref name="source"/> is overwritten.</summary>
    public static void ByUpperWord(ulong* source, ulong* target, int count)
    {
        using var counters = new Scratch<int>(Low + Low + High);
        int* first = counters.Pointer, second = first + Low, third = second + Low;
        new Span<int>(first, Low + Low + High).Clear();
        for (int i = 0; i < count; i++)
        {
            uint key = (uint)(source[i] >> 32);
            first[key & (Low - 1)]++;
            second[(key >> 11) & (Low - 1)]++;
            third[key >> 22]++;
        }

        Starts(first, Low);
        Starts(second, Low);
        Starts(third, High);
        Scatter(source, target, count, first, 32, Low - 1);
        Scatter(target, source, count, second, 43, Low - 1);
        Scatter(source, target, count, third, 54, High - 1);
    }

    private static void Starts(int* counters, int digits)
    {
        int sum = 0;
        for (int i = 0; i < digits; i++)
        {
            (counters[i], sum) = (sum, sum + counters[i]);
        }
    }

    private static void Scatter(ulong* source, ulong* target, int count, int* starts, int shift, uint mask)
    {
        for (int i = 0; i < count; i++)
        {
            ulong word = source[i];
            target[starts[(uint)(word >> shift) & mask]++] = word;
        }
    }
}
