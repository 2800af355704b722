using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Draws as many positives of each class as of any other, as far as they last: in rounds, one of each class that has some left. A class that runs out leaves its
/// share to the others. Within a class, and among the negatives, the choice is uniform. So a rare class is not drowned by a frequent one in the same image.
/// </summary>
public sealed class ClassBalancedSampler : ExampleSampler
{
    /// <inheritdoc cref="ExampleSampler(int, double)"/>
    public ClassBalancedSampler(int batch, double fraction)
        : base(batch, fraction)
    {
    }

    /// <summary>As <see cref="ExampleSampler.Sample(Tensor, Tensor, RandomStream)"/>, where a positive label is the class.</summary>
    public SampledIndices Sample(Tensor labels, RandomStream? random) => Sample(labels, null, random);

    private protected override long[] Positives(List<long> from, Func<long, long> label, int count, RandomStream? random)
    {
        if (count >= from.Count)
        {
            return from.ToArray();
        }

        // The last round may not reach every class: their order is drawn, so that no class is favoured.
        long[][] classes = [.. from.GroupBy(label).OrderBy(g => g.Key).Select(g => Draw(g.ToList(), g.Count(), null))];
        random?.Shuffle(classes.AsSpan());
        var quota = new int[classes.Length];
        for (int left = count; left > 0;)
        {
            for (int c = 0; c < classes.Length && left > 0; c++)
            {
                if (quota[c] < classes[c].Length)
                {
                    quota[c]++;
                    left--;
                }
            }
        }

        return [.. classes.SelectMany((members, c) => Draw([.. members], quota[c], random))];
    }
}
