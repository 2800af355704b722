namespace Rcnn.Core.Evaluation;

/// <summary>
/// COCO's AP and AR of boxes or masks (Lin et al. 2014), number for number those of the reference implementation: greedy matching by falling score, IoU ≥ t in
/// float64 without +1, the best free object that is not ignored before any ignored one, crowds matched again and again with IoU = intersection ÷ detection
/// area, unmatched detections outside the area range ignored, stable sorts. One quirk is kept as well: the reference marks a match by the object's id, so
/// an object with id 0 is taken but its detection counts as unmatched.
/// </summary>
/// <remarks>Detections and objects are put into flat arrays by (category, image); categories are then independent, and each is worked off in buffers that
/// a worker reuses. Precision is only looked at where a true positive stands, since recall rises nowhere else.</remarks>
public static class CocoEvaluator
{
    /// <param name="truth">Images, categories and objects.</param>
    /// <param name="detections">In any order; equal scores rank in this order.</param>
    /// <param name="options">Null takes COCO's own.</param>
    /// <exception cref="RcnnException">A detection names an image that the ground truth does not have, or holds a value that is not finite; or, where masks are
    /// compared, a mask is missing or of another size than its image.</exception>
    public static CocoResult Evaluate(CocoGroundTruth truth, IReadOnlyList<DetectionRow> detections, CocoEvaluationOptions? options = null)
    {
        options = Checked(options ?? new CocoEvaluationOptions());
        int[] categoryIds = [.. (options.CategoryIds ?? [.. truth.Categories.Select(c => c.Id)]).Distinct().Order()];
        CocoEvaluationData data = CocoEvaluationData.Create(truth, detections, categoryIds, options);
        int categories = options.UseCategories ? categoryIds.Length : 1;
        long rows = (long)options.IouThresholds.Count * categories * options.AreaRanges.Count * options.MaxDetections.Count;
        var precision = new double[rows * options.RecallThresholds.Count];
        var recall = new double[rows];
        var scores = new double[precision.Length];
        Array.Fill(precision, -1);
        Array.Fill(recall, -1);
        Array.Fill(scores, -1);

        // The heaviest categories first, so that the last worker does not start on the largest one.
        int[] byWork = [.. Enumerable.Range(0, categories).OrderByDescending(k => data.DetectionStart[k + 1] - data.DetectionStart[k])];
        Parallel.For(0, categories, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.Threads) },
            () => new CocoCategoryEvaluation(data, options, categories, precision, recall, scores),
            (i, _, worker) =>
            {
                worker.Run(byWork[i]);
                return worker;
            },
            worker => worker.Dispose());

        Dictionary<int, string> names = truth.Categories.ToDictionary(c => c.Id, c => c.Name);
        return new CocoResult(options, options.UseCategories ? categoryIds : [-1],
            options.UseCategories ? [.. categoryIds.Select(id => names.GetValueOrDefault(id, ""))] : ["all"], precision, recall, scores);
    }

    private static CocoEvaluationOptions Checked(CocoEvaluationOptions options)
    {
        if (options.IouThresholds.Count == 0 || options.RecallThresholds.Count == 0 || options.MaxDetections.Count == 0 || options.AreaRanges.Count == 0)
        {
            throw new ArgumentException("IoU thresholds, recall thresholds, detection limits and area ranges may not be empty", nameof(options));
        }

        if (options.MaxDetections.Any(m => m <= 0))
        {
            throw new ArgumentException($"detection limits are positive, got {string.Join(", ", options.MaxDetections)}", nameof(options));
        }

        return options with { MaxDetections = [.. options.MaxDetections.Order()] };
    }
}
