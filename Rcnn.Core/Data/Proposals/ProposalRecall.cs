namespace Rcnn.Core.Data.Proposals;

/// <summary>The fraction of objects that the first proposals of their image overlap enough. Hosang et al. 2016, §4.</summary>
/// <param name="counts">Numbers of proposals, rising.</param>
/// <param name="overlaps">IoUs.</param>
public sealed class ProposalRecall(IReadOnlyList<int> counts, IReadOnlyList<double> overlaps)
{
    private readonly int[] _found = new int[counts.Count * overlaps.Count];
    private int _images;
    private long _proposals;

    /// <summary>Objects seen.</summary>
    public int Objects { get; private set; }

    /// <summary>Proposals an image.</summary>
    public double MeanCount => _images == 0 ? 0 : (double)_proposals / _images;

    /// <summary>Adds an image; the order of images does not matter.</summary>
    public void Add(IReadOnlyList<Box> proposals, IReadOnlyList<Box> objects)
    {
        _images++;
        _proposals += proposals.Count;
        Objects += objects.Count;
        foreach (Box item in objects)
        {
            double best = 0;
            int seen = 0;
            for (int c = 0; c < counts.Count; c++)
            {
                for (; seen < Math.Min(counts[c], proposals.Count); seen++)
                {
                    best = Math.Max(best, Iou(item, proposals[seen]));
                }

                for (int o = 0; o < overlaps.Count; o++)
                {
                    _found[(c * overlaps.Count) + o] += best >= overlaps[o] ? 1 : 0;
                }
            }
        }
    }

    /// <summary>In [0,1]; NaN without objects.</summary>
    /// <exception cref="ArgumentException">A count or overlap that was not asked for.</exception>
    public double Recall(int count, double overlap)
    {
        int c = counts.ToList().IndexOf(count), o = overlaps.ToList().IndexOf(overlap);
        return c < 0 || o < 0
            ? throw new ArgumentException($"recall of {count} proposals at IoU {overlap} was not counted")
            : (double)_found[(c * overlaps.Count) + o] / Objects;
    }

    private static double Iou(Box a, Box b)
    {
        double w = Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1), h = Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1);
        double inter = Math.Max(0, w) * Math.Max(0, h);
        return inter > 0 ? inter / (a.Area + b.Area - inter) : 0;
    }
}
