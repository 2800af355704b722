using System.Globalization;

namespace Rcnn.Cli.Golden;

/// <summary>The comparisons of the golden format. NaN equals NaN and an infinity equals itself in all of them.</summary>
internal static class GoldenComparison
{
    /// <param name="output">Name, for the outcome.</param>
    /// <param name="got">The computed values.</param>
    /// <param name="expected">The stored values.</param>
    /// <param name="tolerance">What may differ.</param>
    /// <param name="input">Input arrays by name: <c>scores</c> for same_set_scores_nonincreasing, <c>gt_boxes</c> for statistical over boxes.</param>
    public static GoldenOutcome Compare(string output, NpyArray got, NpyArray expected, GoldenTolerance tolerance, Func<string, NpyArray> input)
    {
        bool anyCount = tolerance.Kind == "statistical" && expected.Shape.Length == 2;
        bool sameShape = anyCount
            ? got.Shape.Length == expected.Shape.Length && got.Shape.AsSpan(1).SequenceEqual(expected.Shape.AsSpan(1))
            : got.Shape.AsSpan().SequenceEqual(expected.Shape);
        if (!sameShape)
        {
            return Fail(output, $"shape {expected.ShapeName} expected, got {got.ShapeName}");
        }

        return tolerance.Kind switch
        {
            "exact" => AllClose(output, got, expected, 0, 0),
            "allclose" => AllClose(output, got, expected, tolerance["atol"], tolerance["rtol"]),
            "rel_l2" => RelativeL2(output, got, expected, tolerance["max"]),
            "mismatch_fraction" => MismatchFraction(output, got, expected, tolerance["max"]),
            "same_set_scores_nonincreasing" => SameSet(output, got, expected, input("scores")),
            "partition" => Partition(output, got, expected, tolerance),
            "statistical" => Statistical(output, got, expected, tolerance, input),
            _ => throw new InvalidOperationException(tolerance.Kind),
        };
    }

    /// <summary>|a − b| ≤ atol + rtol·|b| for every element; exact is the case of two zeros.</summary>
    private static GoldenOutcome AllClose(string output, NpyArray got, NpyArray expected, double atol, double rtol)
    {
        bool integers = got.IsInteger && expected.IsInteger;
        double worst = 0;
        int worstAt = -1, failures = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (integers && got.LongAt(i) == expected.LongAt(i))
            {
                continue;
            }

            double a = got.At(i), b = expected.At(i);
            if (!integers && (a == b || (double.IsNaN(a) && double.IsNaN(b))))
            {
                continue;
            }

            double allowed = atol + (rtol * Math.Abs(b));
            double difference = integers ? (double)Int128.Abs((Int128)got.LongAt(i) - expected.LongAt(i)) : Math.Abs(a - b);
            bool pass = difference <= allowed && !double.IsInfinity(b);
            double ratio = pass ? difference / allowed : allowed > 0 && double.IsFinite(difference) ? difference / allowed : double.PositiveInfinity;
            failures += pass ? 0 : 1;
            if (ratio > worst)
            {
                (worst, worstAt) = (ratio, i);
            }
        }

        return failures == 0
            ? new GoldenOutcome(output, true, worst, "")
            : new GoldenOutcome(output, false, worst, $"{Position(expected, worstAt)} expected {Text(expected, worstAt)}, got {Text(got, worstAt)} ({failures} of {expected.Length} differ)");
    }

    /// <summary>‖a − b‖ ≤ max·‖b‖.</summary>
    private static GoldenOutcome RelativeL2(string output, NpyArray got, NpyArray expected, double max)
    {
        double error = 0, norm = 0, worst = -1;
        int worstAt = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double a = got.At(i), b = expected.At(i);
            double d = a == b || (double.IsNaN(a) && double.IsNaN(b)) ? 0 : a - b;
            error += d * d;
            norm += double.IsNaN(b) ? 0 : b * b;
            if (!(Math.Abs(d) <= worst))
            {
                (worst, worstAt) = (Math.Abs(d), i);
            }
        }

        (error, norm) = (Math.Sqrt(error), Math.Sqrt(norm));
        double relative = error == 0 ? 0 : error / norm;
        return relative <= max
            ? new GoldenOutcome(output, true, max > 0 ? relative / max : 0, "")
            : new GoldenOutcome(output, false, relative / max,
                $"relative L2 {Number(relative)} > {Number(max)}; worst at {Position(expected, worstAt)} expected {Text(expected, worstAt)}, got {Text(got, worstAt)}");
    }

    private static GoldenOutcome MismatchFraction(string output, NpyArray got, NpyArray expected, double max)
    {
        int mismatches = 0, first = -1;
        for (int i = 0; i < expected.Length; i++)
        {
            double a = got.At(i), b = expected.At(i);
            if (a != b && !(double.IsNaN(a) && double.IsNaN(b)))
            {
                first = first < 0 ? i : first;
                mismatches++;
            }
        }

        double fraction = expected.Length == 0 ? 0 : (double)mismatches / expected.Length;
        return fraction <= max
            ? new GoldenOutcome(output, true, max > 0 ? fraction / max : 0, "")
            : new GoldenOutcome(output, false, fraction / max,
                $"{mismatches} of {expected.Length} differ ({Number(fraction)} > {Number(max)}); first at {Position(expected, first)} expected {Text(expected, first)}, got {Text(got, first)}");
    }

    /// <summary>The same indices in any order, none twice, and the scores they point at never rise.</summary>
    private static GoldenOutcome SameSet(string output, NpyArray got, NpyArray expected, NpyArray scores)
    {
        long[] mine = got.ToLongs();
        var wanted = expected.ToLongs().ToHashSet();
        var seen = new HashSet<long>();
        for (int i = 0; i < mine.Length; i++)
        {
            if (!wanted.Contains(mine[i]))
            {
                return Fail(output, $"[{i}] index {mine[i]} is not in the expected set");
            }

            if (!seen.Add(mine[i]))
            {
                return Fail(output, $"[{i}] index {mine[i]} occurs twice");
            }

            if (mine[i] < 0 || mine[i] >= scores.Length || (i > 0 && !(scores.At((int)mine[i]) <= scores.At((int)mine[i - 1]))))
            {
                return Fail(output, $"[{i}] score rises or index {mine[i]} lies outside the scores");
            }
        }

        return new GoldenOutcome(output, true, 0, "");
    }

    /// <summary>Two label maps as partitions: Rand index, adjusted Rand index (Hubert and Arabie 1985) and number of segments.</summary>
    private static GoldenOutcome Partition(string output, NpyArray got, NpyArray expected, GoldenTolerance tolerance)
    {
        var joint = new Dictionary<(long, long), long>();
        var rows = new Dictionary<long, long>();
        var columns = new Dictionary<long, long>();
        for (int i = 0; i < expected.Length; i++)
        {
            long a = got.LongAt(i), b = expected.LongAt(i);
            joint[(a, b)] = joint.GetValueOrDefault((a, b)) + 1;
            rows[a] = rows.GetValueOrDefault(a) + 1;
            columns[b] = columns.GetValueOrDefault(b) + 1;
        }

        double n = expected.Length, pairs = Pairs(expected.Length);
        double together = joint.Values.Sum(Pairs), mine = rows.Values.Sum(Pairs), theirs = columns.Values.Sum(Pairs);
        double rand = n < 2 ? 1 : (pairs + (2 * together) - mine - theirs) / pairs;
        double chance = n < 2 ? 0 : mine * theirs / pairs;
        double adjusted = ((mine + theirs) / 2) - chance == 0 ? 1 : (together - chance) / (((mine + theirs) / 2) - chance);
        double segments = columns.Count == 0 ? 0 : Math.Abs(rows.Count - columns.Count) / (double)columns.Count;
        bool pass = rand >= tolerance["rand_index_min"] && adjusted >= tolerance["adjusted_rand_min"] && segments <= tolerance["segments_rel"];
        string detail = $"Rand {Number(rand)} (≥ {Number(tolerance["rand_index_min"])}), adjusted {Number(adjusted)} (≥ {Number(tolerance["adjusted_rand_min"])}), "
            + $"{rows.Count} segments, expected {columns.Count}";
        return new GoldenOutcome(output, pass, pass ? 0 : double.PositiveInfinity, pass ? "" : detail);

        static double Pairs(long count) => count * (count - 1.0) / 2;
    }

    /// <summary>
    /// Recall at IoU 0.5 and mean best overlap lie within the given distances of the stored ones. A [N,4] output is a set of boxes (x1,y1,x2,y2),
    /// measured against the input <c>gt_boxes</c>; any other output holds the best IoU of each object.
    /// </summary>
    private static GoldenOutcome Statistical(string output, NpyArray got, NpyArray expected, GoldenTolerance tolerance, Func<string, NpyArray> input)
    {
        bool boxes = expected.Shape.Length == 2 && expected.Shape[1] == 4;
        double[] mine = boxes ? BestIou(got, input("gt_boxes")) : got.ToDoubles();
        double[] theirs = boxes ? BestIou(expected, input("gt_boxes")) : expected.ToDoubles();
        double recall = Math.Abs(Recall(mine) - Recall(theirs)), overlap = Math.Abs(Mean(mine) - Mean(theirs));
        bool pass = recall <= tolerance["recall05_within"] && overlap <= tolerance["mabo_within"];
        double ratio = Math.Max(recall / tolerance["recall05_within"], overlap / tolerance["mabo_within"]);
        return new GoldenOutcome(output, pass, ratio, pass ? ""
            : $"recall@0.5 expected {Number(Recall(theirs))}, got {Number(Recall(mine))}; mean best overlap expected {Number(Mean(theirs))}, got {Number(Mean(mine))}");

        static double Recall(double[] best) => best.Length == 0 ? 0 : best.Count(v => v >= 0.5) / (double)best.Length;
        static double Mean(double[] best) => best.Length == 0 ? 0 : best.Average();
    }

    private static double[] BestIou(NpyArray boxes, NpyArray objects)
    {
        double[] b = boxes.ToDoubles(), g = objects.ToDoubles();
        var best = new double[g.Length / 4];
        for (int j = 0; j < best.Length; j++)
        {
            for (int i = 0; i < b.Length; i += 4)
            {
                double w = Math.Min(b[i + 2], g[(4 * j) + 2]) - Math.Max(b[i], g[4 * j]);
                double h = Math.Min(b[i + 3], g[(4 * j) + 3]) - Math.Max(b[i + 1], g[(4 * j) + 1]);
                if (w > 0 && h > 0)
                {
                    double union = ((b[i + 2] - b[i]) * (b[i + 3] - b[i + 1]))
                        + ((g[(4 * j) + 2] - g[4 * j]) * (g[(4 * j) + 3] - g[(4 * j) + 1])) - (w * h);
                    best[j] = Math.Max(best[j], w * h / union);
                }
            }
        }

        return best;
    }

    private static GoldenOutcome Fail(string output, string detail) => new(output, false, double.PositiveInfinity, detail);

    private static string Position(NpyArray array, int flat)
    {
        var index = new long[array.Shape.Length];
        long rest = flat;
        for (int d = index.Length - 1; d >= 0; d--)
        {
            index[d] = rest % array.Shape[d];
            rest /= array.Shape[d];
        }

        return NpyArray.ShapeText(index);
    }

    private static string Text(NpyArray array, int i) =>
        array.IsInteger ? array.LongAt(i).ToString(CultureInfo.InvariantCulture)
        : array.Data is float[] single ? single[i].ToString("R", CultureInfo.InvariantCulture)
        : array.At(i).ToString("R", CultureInfo.InvariantCulture);

    private static string Number(double v) => v.ToString("G6", CultureInfo.InvariantCulture);
}
