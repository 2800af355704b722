using System.Globalization;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Draws a batch with a bounded share of positives (Girshick 2015, §2.3): up to batch·fraction positives, then negatives up to the batch.
/// Fewer positives are made up for by negatives; fewer negatives are not made up for. Which ones are drawn is the subclass's part; the same stream draws the same.
/// </summary>
public abstract unsafe class ExampleSampler
{
    private readonly int _batch, _positives;

    /// <param name="batch">Entries to draw, at least 1.</param>
    /// <param name="fraction">Upper share of positives, in [0,1]; batch·fraction is rounded down.</param>
    /// <exception cref="ArgumentException">Outside these ranges.</exception>
    private protected ExampleSampler(int batch, double fraction)
    {
        OperatorInput.Positive(batch, nameof(batch));
        if (!(fraction >= 0 && fraction <= 1))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"fraction in [0,1] expected, got {fraction}"), nameof(fraction));
        }

        _batch = batch;
        _positives = (int)(batch * fraction);
    }

    /// <summary>Draws from one image.</summary>
    /// <param name="labels">[N] int64 or float32: ≥ 1 positive, 0 negative, below 0 never drawn</param>
    /// <param name="overlaps">[N] float32: highest IoU of each entry with an object. Only <see cref="IouBalancedSampler"/> reads it; null elsewhere.</param>
    /// <param name="random">Source of the choice; null takes the first ones in index order</param>
    /// <returns>Indices into <paramref name="labels"/>, on its device; both empty where N = 0</returns>
    /// <exception cref="ArgumentException">Another shape or type, or no overlaps where they are needed.</exception>
    public SampledIndices Sample(Tensor labels, Tensor? overlaps, RandomStream? random)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (CpuDetour.Needed(labels))
        {
            using var scope = NewDisposeScope();
            Tensor[] inputs = CpuDetour.Fetch(labels, overlaps);
            SampledIndices there = Sample(inputs[0], overlaps is null ? null : inputs[1], random);
            return new SampledIndices(CpuDetour.Back(there.Positive, labels.device), CpuDetour.Back(there.Negative, labels.device));
        }

        if (labels.dtype != ScalarType.Float32)
        {
            OperatorInput.OfType(labels, nameof(labels), ScalarType.Int64);
        }

        if (labels.dim() != 1)
        {
            throw new ArgumentException($"labels [N] expected, got {OperatorInput.Shape(labels)}", nameof(labels));
        }

        if (overlaps is not null)
        {
            OperatorInput.Vector(overlaps, nameof(overlaps), labels.shape[0], ScalarType.Float32);
        }

        using Tensor t = labels.contiguous();
        using Tensor? iou = overlaps?.contiguous();
        nint p = Engine.Pointer(t);
        bool whole = t.dtype == ScalarType.Int64;
        List<long> positive = [], negative = [];
        for (long i = 0; i < t.shape[0]; i++)
        {
            double label = whole ? ((long*)p)[i] : ((float*)p)[i];
            if (label >= 1)
            {
                positive.Add(i);
            }
            else if (label == 0)
            {
                negative.Add(i);
            }
        }

        long[] drawn = Positives(positive, i => whole ? ((long*)p)[i] : (long)((float*)p)[i], _positives, random);
        long[] rest = Negatives(negative, iou is null ? null : (float*)Engine.Pointer(iou), _batch - drawn.Length, random);
        Array.Sort(drawn);
        Array.Sort(rest);
        return new SampledIndices(tensor(drawn, int64), tensor(rest, int64));
    }

    /// <summary>At most <paramref name="count"/> of <paramref name="from"/>, which may be reordered.</summary>
    private protected virtual long[] Positives(List<long> from, Func<long, long> label, int count, RandomStream? random) => Draw(from, count, random);

    /// <inheritdoc cref="Positives"/>
    private protected virtual long[] Negatives(List<long> from, float* overlaps, int count, RandomStream? random) => Draw(from, count, random);

    /// <summary>A partial Fisher–Yates shuffle: the first <paramref name="count"/> places are a uniform choice without replacement. Without a stream, the first as they stand.</summary>
    private protected static long[] Draw(List<long> from, int count, RandomStream? random)
    {
        count = Math.Min(count, from.Count);
        if (random is not null && count < from.Count)
        {
            for (int i = 0; i < count; i++)
            {
                int j = i + random.NextInt(from.Count - i);
                (from[i], from[j]) = (from[j], from[i]);
            }
        }

        return from.GetRange(0, count).ToArray();
    }
}
