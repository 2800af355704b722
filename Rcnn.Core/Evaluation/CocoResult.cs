using System.Globalization;
using System.Text;

namespace Rcnn.Core.Evaluation;

/// <summary>
/// Precision and recall of a detection result and the twelve numbers that sum them up. Dimensions: T IoU thresholds, R recall levels, K categories
/// (by rising id), A area ranges, M detection limits. −1 stands where a category has no object in the range; it is left out of every mean.
/// </summary>
public sealed class CocoResult
{
    private readonly CocoEvaluationOptions _options;

    internal CocoResult(CocoEvaluationOptions options, int[] categoryIds, IReadOnlyList<string> categoryNames, double[] precision, double[] recall, double[] scores)
    {
        _options = options;
        (CategoryIds, CategoryNames) = (categoryIds, categoryNames);
        (Precision, Recall, Scores) = (precision, recall, scores);
        int top = MaxDetections[^1];
        int[] limits = [.. MaxDetections];
        Array.Resize(ref limits, 3);
        Stats =
        [
            MeanPrecision(null, "all", 100), MeanPrecision(0.5, "all", top), MeanPrecision(0.75, "all", top),
            MeanPrecision(null, "small", top), MeanPrecision(null, "medium", top), MeanPrecision(null, "large", top),
            MeanRecall("all", limits[0]), MeanRecall("all", limits[1]), MeanRecall("all", limits[2]),
            MeanRecall("small", top), MeanRecall("medium", top), MeanRecall("large", top),
        ];
    }

    /// <summary>AP, AP50, AP75, AP small, medium, large, AR at 1, 10, 100 detections, AR small, medium, large.</summary>
    public double[] Stats { get; }

    /// <summary>Short names of <see cref="Stats"/>.</summary>
    public static IReadOnlyList<string> StatNames { get; } = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"];

    /// <summary>[T,R,K,A,M], row-major: interpolated precision.</summary>
    public double[] Precision { get; }

    /// <summary>[T,K,A,M], row-major: recall reached.</summary>
    public double[] Recall { get; }

    /// <summary>[T,R,K,A,M]: the score of the detection at which the recall level is reached, 0 where it is not.</summary>
    public double[] Scores { get; }

    /// <summary>Category ids along K; one −1 when categories were not used.</summary>
    public IReadOnlyList<int> CategoryIds { get; }

    public IReadOnlyList<string> CategoryNames { get; }

    /// <summary>Sides of <see cref="Precision"/>.</summary>
    public long[] Shape => [_options.IouThresholds.Count, _options.RecallThresholds.Count, CategoryIds.Count, _options.AreaRanges.Count, _options.MaxDetections.Count];

    private IReadOnlyList<int> MaxDetections => _options.MaxDetections;

    /// <summary>AP of category <paramref name="k"/> over all areas at the highest detection limit; −1 when it has no objects.</summary>
    /// <param name="k">Index into <see cref="CategoryIds"/>.</param>
    /// <param name="iou">One threshold, or null for the mean over all of them.</param>
    public double CategoryPrecision(int k, double? iou = null) => Mean(Precision, iou, "all", MaxDetections[^1], _options.RecallThresholds.Count, k);

    /// <summary>The table that the reference implementation prints.</summary>
    public string Table()
    {
        var text = new StringBuilder();
        string[] areas = ["all", "all", "all", "small", "medium", "large", "all", "all", "all", "small", "medium", "large"];
        string range = string.Create(CultureInfo.InvariantCulture, $"{_options.IouThresholds[0]:F2}:{_options.IouThresholds[^1]:F2}");
        int top = MaxDetections[^1];
        for (int i = 0; i < 12; i++)
        {
            string iou = i == 1 ? "0.50" : i == 2 ? "0.75" : range;
            int limit = i is >= 6 and <= 8 && i - 6 < MaxDetections.Count ? MaxDetections[i - 6] : i == 0 ? 100 : top;
            string title = i < 6 ? "Average Precision  (AP)" : "Average Recall     (AR)";
            text.Append(CultureInfo.InvariantCulture, $" {title} @[ IoU={iou,-9} | area={areas[i],6} | maxDets={limit,3} ] = {Stats[i]:F3}\n");
        }

        return text.ToString();
    }

    private double MeanPrecision(double? iou, string area, int limit) => Mean(Precision, iou, area, limit, _options.RecallThresholds.Count, null);

    private double MeanRecall(string area, int limit) => Mean(Recall, null, area, limit, 1, null);

    private double Mean(double[] values, double? iou, string area, int limit, int levels, int? category)
    {
        int categories = CategoryIds.Count, areas = _options.AreaRanges.Count, limits = MaxDetections.Count;
        double sum = 0;
        long count = 0;
        for (int t = 0; t < _options.IouThresholds.Count; t++)
        {
            if (iou is { } wanted && _options.IouThresholds[t] != wanted)
            {
                continue;
            }

            for (int r = 0; r < levels; r++)
            {
                for (int k = category ?? 0; k < (category + 1 ?? categories); k++)
                {
                    for (int a = 0; a < areas; a++)
                    {
                        for (int m = 0; m < limits; m++)
                        {
                            double value = values[(((((((t * levels) + r) * categories) + k) * areas) + a) * limits) + m];
                            if (value > -1 && _options.AreaRanges[a].Name == area && MaxDetections[m] == limit)
                            {
                                sum += value;
                                count++;
                            }
                        }
                    }
                }
            }
        }

        return count == 0 ? -1 : sum / count;
    }
}
