namespace Rcnn.Core.Evaluation;

/// <summary>Stable sorting by falling score: equal scores keep their order.</summary>
internal static class ScoreOrder
{
    /// <summary>Sorts the indices in <paramref name="order"/> by falling <paramref name="score"/>[index]; <paramref name="buffer"/> is scratch of the same length.</summary>
    public static void Sort(Span<int> order, ReadOnlySpan<double> score, Span<int> buffer)
    {
        const int Run = 16;
        int n = order.Length;
        for (int start = 0; start < n; start += Run)
        {
            Insertion(order.Slice(start, Math.Min(Run, n - start)), score);
        }

        Span<int> from = order, to = buffer;
        bool swapped = false;
        for (int width = Run; width < n; width *= 2)
        {
            for (int left = 0; left < n; left += 2 * width)
            {
                Merge(from, to, score, left, Math.Min(left + width, n), Math.Min(left + (2 * width), n));
            }

            Span<int> other = from;
            from = to;
            to = other;
            swapped = !swapped;
        }

        if (swapped)
        {
            from[..n].CopyTo(to);
        }
    }

    /// <summary>The indices 0 … n − 1 by falling score.</summary>
    public static int[] Of(ReadOnlySpan<double> score)
    {
        var order = new int[score.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Sort(order, score, new int[order.Length]);
        return order;
    }

    private static void Insertion(Span<int> order, ReadOnlySpan<double> score)
    {
        for (int i = 1; i < order.Length; i++)
        {
            int item = order[i];
            double key = score[item];
            int j = i - 1;
            while (j >= 0 && score[order[j]] < key)
            {
                order[j + 1] = order[j];
                j--;
            }

            order[j + 1] = item;
        }
    }

    private static void Merge(ReadOnlySpan<int> from, Span<int> to, ReadOnlySpan<double> score, int left, int middle, int right)
    {
        int i = left, j = middle;
        for (int k = left; k < right; k++)
        {
            to[k] = i < middle && (j >= right || score[from[i]] >= score[from[j]]) ? from[i++] : from[j++];
        }
    }
}
