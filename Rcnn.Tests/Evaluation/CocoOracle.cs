using Rcnn.Core.Evaluation;

namespace Rcnn.Tests.Evaluation;

/// <summary>
/// COCO's precision and recall straight from the definition, one cell (IoU, category, area range, detection limit) at a time and without any regard to speed.
/// </summary>
internal static class CocoOracle
{
    public static (double[] Precision, double[] Recall, double[] Scores) Evaluate(CocoGroundTruth truth, IReadOnlyList<DetectionRow> detections, CocoEvaluationOptions o)
    {
        int[] categories = [.. truth.Categories.Select(c => c.Id).Order()];
        int[][] groups = o.UseCategories ? [.. categories.Select(c => new[] { c })] : [categories];
        var precision = new List<double>();
        var scores = new List<double>();
        foreach (double iou in o.IouThresholds)
        {
            var cells = groups.SelectMany(g => o.AreaRanges.SelectMany(a => o.MaxDetections.Select(m => Cell(truth, detections, g, iou, a, m, o.RecallThresholds)))).ToList();
            for (int r = 0; r < o.RecallThresholds.Count; r++)
            {
                precision.AddRange(cells.Select(c => c.Precision[r]));
                scores.AddRange(cells.Select(c => c.Scores[r]));
            }
        }

        var recall = o.IouThresholds.SelectMany(iou => groups.SelectMany(g => o.AreaRanges.SelectMany(a =>
            o.MaxDetections.Select(m => Cell(truth, detections, g, iou, a, m, o.RecallThresholds).Recall))));
        return ([.. precision], [.. recall], [.. scores]);
    }

    private static (double[] Precision, double Recall, double[] Scores) Cell(
        CocoGroundTruth truth, IReadOnlyList<DetectionRow> detections, int[] categories, double iou, AreaRange area, int limit, IReadOnlyList<double> levels)
    {
        var ranked = new List<(double Score, bool Hit, bool Ignored)>();
        int positives = 0;
        foreach (CocoImage image in truth.Images.OrderBy(i => i.Id))
        {
            var objects = categories.SelectMany(c => truth.Objects.Where(g => g.ImageId == image.Id && g.CategoryId == c))
                .Select(g => (Object: g, Ignored: g.Crowd || g.Area < area.Low || g.Area > area.High))
                .OrderBy(g => g.Ignored ? 1 : 0).ToList();
            positives += objects.Count(g => !g.Ignored);
            var taken = new HashSet<int>();
            foreach (DetectionRow d in categories.SelectMany(c => detections.Where(d => d.ImageId == image.Id && d.CategoryId == c))
                .OrderByDescending(d => d.Score).Take(limit))
            {
                double best = Math.Min(iou, 1 - 1e-10);
                int match = -1;
                for (int g = 0; g < objects.Count; g++)
                {
                    if (taken.Contains(g) && !objects[g].Object.Crowd)
                    {
                        continue;
                    }

                    if (match >= 0 && !objects[match].Ignored && objects[g].Ignored)
                    {
                        break;
                    }

                    double overlap = Iou(d, objects[g].Object);
                    if (overlap >= best)
                    {
                        (best, match) = (overlap, g);
                    }
                }

                double own = d.Width * d.Height;
                bool outside = own < area.Low || own > area.High;
                if (match < 0)
                {
                    ranked.Add((d.Score, false, outside));
                    continue;
                }

                taken.Add(match);
                bool hit = objects[match].Object.Id != 0;
                ranked.Add((d.Score, hit, objects[match].Ignored || (!hit && outside)));
            }
        }

        double[] minus = [.. levels.Select(_ => -1.0)];
        if (positives == 0)
        {
            return (minus, -1, minus);
        }

        ranked = [.. ranked.OrderByDescending(r => r.Score)];
        var recall = new List<double>();
        var precision = new List<double>();
        double hits = 0, misses = 0;
        foreach ((double _, bool hit, bool ignored) in ranked)
        {
            hits += hit && !ignored ? 1 : 0;
            misses += !hit && !ignored ? 1 : 0;
            recall.Add(hits / positives);
            precision.Add(hits / (misses + hits + (Math.BitIncrement(1.0) - 1)));
        }

        var p = new double[levels.Count];
        var s = new double[levels.Count];
        for (int r = 0; r < levels.Count; r++)
        {
            int at = recall.FindIndex(v => v >= levels[r]);
            if (at >= 0)
            {
                p[r] = precision.Skip(at).Max();
                s[r] = ranked[at].Score;
            }
        }

        return (p, recall.Count == 0 ? 0 : recall[^1], s);
    }

    private static double Iou(DetectionRow d, CocoObject g)
    {
        double w = Math.Min(d.X + d.Width, g.X + g.Width) - Math.Max(d.X, g.X);
        double h = Math.Min(d.Y + d.Height, g.Y + g.Height) - Math.Max(d.Y, g.Y);
        return w <= 0 || h <= 0 ? 0 : w * h / (g.Crowd ? d.Width * d.Height : (d.Width * d.Height) + (g.Width * g.Height) - (w * h));
    }
}
