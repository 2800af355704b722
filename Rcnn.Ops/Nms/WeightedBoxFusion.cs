using System.Globalization;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Weighted box fusion (Solovyev et al. 2021, §3): detections of several models or copies of an image are clustered by class and IoU; each cluster becomes one box, the
/// mean of its corners weighted by score, with the mean score times min(T, W)/W, where T is the cluster's size and W the sum of the sources' weights. So a box that
/// only one of many sources saw is believed less. Computed in double, on the CPU.
/// </summary>
public static class WeightedBoxFusion
{
    /// <summary>Fuses.</summary>
    /// <param name="sources">At least one, each [n,4] float32 boxes, [n] float32 scores ≥ 0, [n] int64 labels; each may be empty.</param>
    /// <param name="threshold">A box joins the cluster whose fused box has the highest IoU above this with it; among equals the oldest cluster.</param>
    /// <param name="skipBelow">Boxes with a lower score, or a NaN one, are left out.</param>
    /// <param name="weights">A positive weight of each source, by which its scores are multiplied; null for 1 each</param>
    /// <returns>By falling score, equal ones by label, then by the first box of the cluster.</returns>
    /// <exception cref="ArgumentException">No source, other shapes or types, another number of weights, or a weight that is not positive.</exception>
    public static unsafe ScoredDetections Run(
        IReadOnlyList<ScoredDetections> sources, double threshold = 0.55, double skipBelow = 0, IReadOnlyList<double>? weights = null)
    {
        weights ??= [.. Enumerable.Repeat(1.0, sources.Count)];
        if (sources.Count == 0 || weights.Count != sources.Count || !weights.All(w => w > 0 && double.IsFinite(w)))
        {
            throw new ArgumentException(
                $"at least one source and a positive weight of each expected, got {sources.Count} sources and weights [{string.Join(", ", weights.Select(w => w.ToString(CultureInfo.InvariantCulture)))}]",
                nameof(sources));
        }

        if (CpuDetour.Needed(sources[0].Boxes))
        {
            using var scope = NewDisposeScope();
            Device device = sources[0].Boxes.device;
            ScoredDetections there = Run([.. sources.Select(s => CpuDetour.Fetch(s.Boxes, s.Scores, s.Labels) is var t ? new ScoredDetections(t[0], t[1], t[2]) : s)], threshold, skipBelow, weights);
            return new ScoredDetections(CpuDetour.Back(there.Boxes, device), CpuDetour.Back(there.Scores, device), CpuDetour.Back(there.Labels, device));
        }

        var found = new List<(Box Box, long Label)>();
        for (int k = 0; k < sources.Count; k++)
        {
            Read(sources[k], k, weights[k], skipBelow, found);
        }

        // LINQ's ordering is stable: equal scores keep source and index order.
        double total = weights.Sum();
        var fused = found.GroupBy(f => f.Label).OrderBy(g => g.Key)
            .SelectMany(g => Clusters(g.Select(f => f.Box), threshold).Select(c => (c.Fused, Score: c.Score(total), Label: g.Key)))
            .OrderByDescending(f => f.Score).ToArray();
        float[] corners = [.. fused.SelectMany(f => new[] { (float)f.Fused.X1, (float)f.Fused.Y1, (float)f.Fused.X2, (float)f.Fused.Y2 })];
        return new ScoredDetections(
            tensor(corners, [fused.Length, 4]), tensor(fused.Select(f => (float)f.Score).ToArray()), tensor(fused.Select(f => f.Label).ToArray(), int64));
    }

    private static unsafe void Read(ScoredDetections source, int number, double weight, double skipBelow, List<(Box Box, long Label)> found)
    {
        OperatorInput.Boxes(source.Boxes, $"sources[{number}].Boxes");
        OperatorInput.Vector(source.Scores, $"sources[{number}].Scores", source.Boxes.shape[0], ScalarType.Float32);
        OperatorInput.Vector(source.Labels, $"sources[{number}].Labels", source.Boxes.shape[0], ScalarType.Int64);
        using Tensor b = source.Boxes.contiguous();
        using Tensor s = source.Scores.contiguous();
        using Tensor l = source.Labels.contiguous();
        float* box = (float*)Engine.Pointer(b), score = (float*)Engine.Pointer(s);
        long* label = (long*)Engine.Pointer(l);
        for (long i = 0; i < b.shape[0]; i++, box += 4)
        {
            if (score[i] >= skipBelow)
            {
                found.Add((new Box(box[0], box[1], box[2], box[3], score[i] * weight), label[i]));
            }
        }
    }

    private static List<Cluster> Clusters(IEnumerable<Box> boxes, double threshold)
    {
        var clusters = new List<Cluster>();
        foreach (Box box in boxes.OrderByDescending(b => b.Score))
        {
            Cluster? best = null;
            double highest = threshold;
            foreach (Cluster cluster in clusters)
            {
                double iou = Box.Iou(cluster.Fused, box);
                if (iou > highest)
                {
                    (best, highest) = (cluster, iou);
                }
            }

            if (best is null)
            {
                clusters.Add(new Cluster(box));
            }
            else
            {
                best.Add(box);
            }
        }

        return clusters;
    }

    private readonly record struct Box(double X1, double Y1, double X2, double Y2, double Score)
    {
        public static double Iou(in Box a, in Box b)
        {
            double w = Math.Max(Math.Min(a.X2, b.X2) - Math.Max(a.X1, b.X1), 0), h = Math.Max(Math.Min(a.Y2, b.Y2) - Math.Max(a.Y1, b.Y1), 0);
            return w * h / ((a.X2 - a.X1) * (a.Y2 - a.Y1) + (b.X2 - b.X1) * (b.Y2 - b.Y1) - w * h);
        }
    }

    private sealed class Cluster(Box first)
    {
        private double _x1 = first.X1 * first.Score, _y1 = first.Y1 * first.Score, _x2 = first.X2 * first.Score, _y2 = first.Y2 * first.Score, _sum = first.Score;
        private int _count = 1;

        public Box Fused { get; private set; } = first;

        public void Add(in Box box)
        {
            _x1 += box.X1 * box.Score;
            _y1 += box.Y1 * box.Score;
            _x2 += box.X2 * box.Score;
            _y2 += box.Y2 * box.Score;
            _sum += box.Score;
            _count++;
            if (_sum > 0)
            {
                Fused = new Box(_x1 / _sum, _y1 / _sum, _x2 / _sum, _y2 / _sum, _sum / _count);
            }
        }

        public double Score(double totalWeight) => _sum / _count * Math.Min(_count, totalWeight) / totalWeight;
    }
}
