namespace Rcnn.Core.Evaluation;

/// <summary>
/// PASCAL VOC's average precision (Everingham et al. 2010, §4.2), number for number that of the widely used Python port of the development kit: IoU of
/// inclusive corners (+1), a detection is bound to the object of its class it overlaps most, needs an overlap above the threshold, and is a false positive
/// when that object is taken; falling on a difficult object counts neither way. Of equal overlaps the first object wins, of equal scores the earlier detection.
/// </summary>
public static class VocEvaluator
{
    /// <param name="truth">Objects by image.</param>
    /// <param name="detections">In any order; classes that the ground truth does not have are left out.</param>
    /// <param name="iouThreshold">In [0,1].</param>
    /// <param name="elevenPoint">True: mean of the highest precision at recall ≥ 0, 0.1 … 1 (VOC 2007). False: area under the envelope (later years).</param>
    /// <exception cref="RcnnException">A detection lies in an image that the ground truth does not have, or is not finite.</exception>
    public static VocResult Evaluate(VocGroundTruth truth, IReadOnlyList<VocDetection> detections, double iouThreshold = 0.5, bool elevenPoint = false)
    {
        for (int i = 0; i < detections.Count; i++)
        {
            VocDetection d = detections[i];
            if (!truth.HasImage(d.Image))
            {
                throw new RcnnException($"detection {i} ({d.Class}): '{d.Image}' is no image of {truth.Name}");
            }

            if (!double.IsFinite(d.Score) || !double.IsFinite(d.XMin + d.YMin + d.XMax + d.YMax))
            {
                throw new RcnnException($"detection {i}: finite numbers expected, got {d}");
            }
        }

        ILookup<string, VocObject> objects = truth.Objects.ToLookup(o => o.Class);
        ILookup<string, VocDetection> found = detections.ToLookup(d => d.Class);
        return new VocResult(
            [.. truth.Classes.Select(c => Class(c, [.. objects[c]], [.. found[c]], iouThreshold, elevenPoint))], iouThreshold, elevenPoint);
    }

    /// <summary>AP of a curve: <paramref name="recall"/> rising, <paramref name="precision"/> of the same length.</summary>
    public static double AveragePrecision(ReadOnlySpan<double> recall, ReadOnlySpan<double> precision, bool elevenPoint)
    {
        double sum = 0;
        if (elevenPoint)
        {
            for (int level = 0; level <= 10; level++)
            {
                double highest = 0;
                for (int i = 0; i < recall.Length; i++)
                {
                    if (recall[i] >= level * 0.1)
                    {
                        highest = Math.Max(highest, precision[i]);
                    }
                }

                sum += highest / 11;
            }

            return sum;
        }

        // The envelope from the right; a step wherever recall changes, the first one from 0.
        var envelope = new double[recall.Length];
        double top = 0;
        for (int i = recall.Length - 1; i >= 0; i--)
        {
            top = Math.Max(top, precision[i]);
            envelope[i] = top;
        }

        for (int i = 0; i < recall.Length; i++)
        {
            double before = i == 0 ? 0 : recall[i - 1];
            sum += recall[i] != before ? (recall[i] - before) * envelope[i] : 0;
        }

        return sum;
    }

    private static VocClassResult Class(string name, VocObject[] objects, VocDetection[] detections, double iouThreshold, bool elevenPoint)
    {
        var byImage = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        int positives = 0;
        for (int i = 0; i < objects.Length; i++)
        {
            positives += objects[i].Difficult ? 0 : 1;
            if (!byImage.TryGetValue(objects[i].Image, out List<int>? list))
            {
                byImage.Add(objects[i].Image, list = []);
            }

            list.Add(i);
        }

        int[] order = ScoreOrder.Of(Array.ConvertAll(detections, d => d.Score));
        var taken = new bool[objects.Length];
        var recall = new double[order.Length];
        var precision = new double[order.Length];
        double hits = 0, misses = 0;
        for (int rank = 0; rank < order.Length; rank++)
        {
            VocDetection d = detections[order[rank]];
            double best = double.NegativeInfinity;
            int match = -1;
            if (byImage.TryGetValue(d.Image, out List<int>? candidates))
            {
                foreach (int i in candidates)
                {
                    double overlap = Overlap(objects[i], d);
                    if (overlap > best)
                    {
                        (best, match) = (overlap, i);
                    }
                }
            }

            if (!(best > iouThreshold))
            {
                misses++;
            }
            else if (!objects[match].Difficult)
            {
                (hits, misses) = taken[match] ? (hits, misses + 1) : (hits + 1, misses);
                taken[match] = true;
            }

            recall[rank] = hits / positives;
            precision[rank] = hits / Math.Max(hits + misses, 2.220446049250313e-16);
        }

        return new VocClassResult(name, positives, recall, precision, positives == 0 ? double.NaN : AveragePrecision(recall, precision, elevenPoint));
    }

    private static double Overlap(in VocObject o, in VocDetection d)
    {
        double w = Math.Max(Math.Min(o.XMax, d.XMax) - Math.Max(o.XMin, d.XMin) + 1, 0);
        double h = Math.Max(Math.Min(o.YMax, d.YMax) - Math.Max(o.YMin, d.YMin) + 1, 0);
        double intersection = w * h;
        double union = ((d.XMax - d.XMin + 1) * (d.YMax - d.YMin + 1)) + ((o.XMax - o.XMin + 1) * (o.YMax - o.YMin + 1)) - intersection;
        return intersection / union;
    }
}
