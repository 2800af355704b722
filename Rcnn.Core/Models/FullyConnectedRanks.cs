using System.Globalization;
using Rcnn.Core.Models.Stage2Regions;

namespace Rcnn.Core.Models;

/// <summary>
/// Ranks to which the two fully connected layers of a region head are truncated for detection (<see cref="TruncatedLinear"/>). From 1 on a rank, below 1 a part of the full
/// rank; null leaves the layer whole. Girshick 2015, §4.4 takes 1024 and 256 for VGG16.
/// </summary>
/// <param name="Fc6">Of the first layer.</param>
/// <param name="Fc7">Of the second layer.</param>
public sealed record FullyConnectedRanks(double? Fc6 = null, double? Fc7 = null)
{
    /// <summary>From <c>fc6=1024,fc7=256</c>, or one of the two.</summary>
    /// <exception cref="RcnnException">Another layer, or no positive number that is whole or below 1. Exit code 2.</exception>
    public static FullyConnectedRanks Parse(string text)
    {
        var ranks = new FullyConnectedRanks();
        foreach (string part in text.Split(','))
        {
            string[] pair = part.Split('=');
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double rank)
                || !(rank > 0) || (rank >= 1 && rank != Math.Floor(rank)))
            {
                throw Refused(part);
            }

            ranks = pair[0].Trim() switch
            {
                "fc6" => ranks with { Fc6 = rank },
                "fc7" => ranks with { Fc7 = rank },
                _ => throw Refused(part),
            };
        }

        return ranks;
    }

    /// <summary>Detects with truncated layers until the result is disposed.</summary>
    /// <exception cref="RcnnException">A head without these layers, or a rank above the layer's. Exit code 2.</exception>
    public IDisposable ApplyTo(IDetector detector, Action<string>? report = null) =>
        detector is TwoStageDetector { Regions.Head: BoxHead head } ? head.Truncate(this, report)
            : throw RcnnException.Usage(detector is TwoStageDetector
                ? $"svd: a head of two fully connected layers (model.roi.head=fc) expected, got {detector.Config.Roi.Head}"
                : $"svd: a detector with a region head (fast-rcnn, faster-rcnn or mask-rcnn) expected, got {detector.Config.Assembly}");

    /// <summary>The rank of a layer whose full rank is <paramref name="full"/>; a part of it is rounded, at least 1.</summary>
    internal static int Of(string layer, double rank, long full) =>
        rank < 1 ? Math.Max(1, (int)Math.Round(rank * full))
            : rank <= full ? (int)rank
            : throw RcnnException.Usage($"svd: {layer}: a rank of at most {full} expected, got {rank.ToString(CultureInfo.InvariantCulture)}");

    private static RcnnException Refused(string part) =>
        RcnnException.Usage($"svd: fc6=RANK,fc7=RANK expected, a whole number or a part below 1 each, such as fc6=1024,fc7=0.25, got '{part}'");
}
