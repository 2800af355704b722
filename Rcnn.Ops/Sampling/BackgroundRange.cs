using System.Globalization;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Keeps as background only what meets an object a little: IoU in [low, high) instead of [0, high), a cheap choice of hard negatives (Girshick 2015, §2.3 with low = 0.1).
/// Where no negative reaches <c>low</c>, as in an image without objects, all of them stay, so that a batch is never without background.
/// </summary>
public static unsafe class BackgroundRange
{
    /// <summary>Labels for a sampler.</summary>
    /// <param name="labels">[N] int64: ≥ 1 positive, 0 negative, below 0 ignored</param>
    /// <param name="overlaps">[N] float32: highest IoU of each entry with an object; NaN is below every <paramref name="low"/></param>
    /// <param name="low">IoU in [0,1], inclusive, compared in float32; 0 keeps every negative but NaN</param>
    /// <returns>[N] int64: as given, with −1 for the negatives that fall out</returns>
    /// <exception cref="ArgumentException">Another shape or type, or <paramref name="low"/> out of range.</exception>
    public static Tensor Restrict(Tensor labels, Tensor overlaps, double low)
    {
        if (CpuDetour.Needed(labels))
        {
            return CpuDetour.Run(t => Restrict(t[0], t[1], low), labels, overlaps);
        }

        OperatorInput.OfType(labels, nameof(labels), ScalarType.Int64);
        if (labels.dim() != 1)
        {
            throw new ArgumentException($"labels [N] expected, got {OperatorInput.Shape(labels)}", nameof(labels));
        }

        OperatorInput.Vector(overlaps, nameof(overlaps), labels.shape[0], ScalarType.Float32);
        if (!(low >= 0 && low <= 1))
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"low in [0,1] expected, got {low}"), nameof(low));
        }

        Tensor result = labels.detach().contiguous().clone();
        using Tensor iou = overlaps.contiguous();
        long* label = (long*)Engine.Pointer(result);
        float* overlap = (float*)Engine.Pointer(iou);
        long count = result.shape[0];
        bool any = false;
        for (long i = 0; i < count && !any; i++)
        {
            any = label[i] == 0 && overlap[i] >= (float)low;
        }

        for (long i = 0; i < count && any; i++)
        {
            if (label[i] == 0 && !(overlap[i] >= (float)low))
            {
                label[i] = -1;
            }
        }

        return result;
    }
}
