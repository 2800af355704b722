using System.Globalization;
using TorchSharp;

namespace Rcnn.Ops;

/// <summary>
/// IoU-balanced sampling of negatives (Pang et al. 2019, §4.1): the range [0, high) of the IoU is cut into equal bins, and each gives the same number of negatives, so that
/// hard ones near an object are not lost among the many that meet none. Bins that run out leave their share to a uniform choice from all that were not drawn.
/// Positives are drawn uniformly. Needs the overlaps; an IoU of <c>high</c> or more counts for the last bin, NaN for the first.
/// </summary>
public sealed unsafe class IouBalancedSampler : ExampleSampler
{
    private readonly int _bins;
    private readonly float _high;

    /// <param name="batch">Entries to draw, at least 1.</param>
    /// <param name="fraction">Upper share of positives, in [0,1]; batch·fraction is rounded down.</param>
    /// <param name="bins">At least 1; the paper has 3.</param>
    /// <param name="high">Upper end of the negatives' IoU, in (0,1].</param>
    /// <exception cref="ArgumentException">Outside these ranges.</exception>
    public IouBalancedSampler(int batch, double fraction, int bins = 3, double high = 0.5)
        : base(batch, fraction)
    {
        OperatorInput.Positive(bins, nameof(bins));
        if (!(high > 0 && high <= 1))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"high in (0,1] expected, got {high}"), nameof(high));
        }

        (_bins, _high) = (bins, (float)high);
    }

    private protected override long[] Negatives(List<long> from, float* overlaps, int count, RandomStream? random)
    {
        if (overlaps == null && from.Count > 0)
        {
            throw new ArgumentException("overlaps [N] expected for IoU-balanced sampling, got null", nameof(overlaps));
        }

        if (count >= from.Count)
        {
            return from.ToArray();
        }

        var bins = new List<long>[_bins];
        for (int b = 0; b < _bins; b++)
        {
            bins[b] = [];
        }

        foreach (long i in from)
        {
            float place = overlaps[i] / _high * _bins;
            bins[place >= _bins ? _bins - 1 : place > 0 ? (int)place : 0].Add(i);
        }

        var drawn = new List<long>();
        var left = new List<long>();
        foreach (List<long> bin in bins)
        {
            long[] some = Draw(bin, count / _bins, random);
            drawn.AddRange(some);
            left.AddRange(bin.Skip(some.Length));
        }

        left.Sort();
        drawn.AddRange(Draw(left, count - drawn.Count, random));
        return [.. drawn];
    }
}
