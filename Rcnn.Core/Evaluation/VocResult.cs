using System.Globalization;
using System.Text;

namespace Rcnn.Core.Evaluation;

/// <summary>One class at one IoU threshold.</summary>
/// <param name="Class">Its name.</param>
/// <param name="Positives">Objects that are not difficult.</param>
/// <param name="Recall">After each detection in the order of scores; NaN throughout when there are no positives.</param>
/// <param name="Precision">After each detection; 0 while all so far fell on difficult objects.</param>
/// <param name="AveragePrecision">In [0,1]; NaN when there are no positives.</param>
public sealed record VocClassResult(string Class, int Positives, double[] Recall, double[] Precision, double AveragePrecision);

/// <summary>VOC AP of every class.</summary>
/// <param name="Classes">In the order of the ground truth.</param>
/// <param name="IouThreshold">A match needs more than this.</param>
/// <param name="ElevenPoint">VOC 2007's measure, otherwise the area under the curve.</param>
public sealed record VocResult(IReadOnlyList<VocClassResult> Classes, double IouThreshold, bool ElevenPoint)
{
    /// <summary>Mean AP over the classes with positives; NaN without any.</summary>
    public double Mean
    {
        get
        {
            double[] values = [.. Classes.Where(c => c.Positives > 0).Select(c => c.AveragePrecision)];
            return values.Length == 0 ? double.NaN : values.Sum() / values.Length;
        }
    }

    /// <summary>A line for each class and the mean.</summary>
    public string Table()
    {
        int width = Math.Max(5, Classes.Count == 0 ? 0 : Classes.Max(c => c.Class.Length));
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"class".PadRight(width)}  objects  detections      AP\n");
        foreach (VocClassResult c in Classes)
        {
            string value = c.Positives == 0 ? "     –" : c.AveragePrecision.ToString("F4", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{c.Class.PadRight(width)}  {c.Positives,7}  {c.Recall.Length,10}  {value}\n");
        }

        text.Append(CultureInfo.InvariantCulture,
            $"{"mean".PadRight(width)}  {Classes.Sum(c => c.Positives),7}  {Classes.Sum(c => c.Recall.Length),10}  {Mean:F4}  ");
        text.Append(CultureInfo.InvariantCulture, $"(IoU > {IouThreshold:0.##}, {(ElevenPoint ? "11 points" : "area")})\n");
        return text.ToString();
    }
}
