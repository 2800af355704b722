using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>How four numbers describe a box.</summary>
public enum BoxFormat
{
    /// <summary>Two corners: x1, y1, x2, y2.</summary>
    Corners,

    /// <summary>Upper left corner and size: x, y, w, h (COCO's annotation form).</summary>
    CornerSize,

    /// <summary>Centre and size: cx, cy, w, h.</summary>
    CenterSize,
}

/// <summary>
/// Elementary box operators. Boxes are float32 [N,4] (x1,y1,x2,y2) in absolute pixels, half-open unless said otherwise; N = 0 is a normal input. Values only: no gradient
/// passes through. Every method throws <see cref="ArgumentException"/> for another shape or type, naming what it got.
/// </summary>
public static unsafe class BoxOps
{
    /// <summary>Intersection over union of all pairs: |a∩b| / |a∪b|.</summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[M,4]</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <returns>[N,M] float32; 0 for boxes that do not meet, NaN where both have no area</returns>
    public static Tensor Iou(Tensor boxes1, Tensor boxes2, BoxExtent extent = BoxExtent.HalfOpen) => Overlaps(boxes1, boxes2, OverlapMeasure.Iou, extent);

    /// <summary>Generalized IoU of all pairs: IoU − |hull \ (a∪b)| / |hull| (Rezatofighi et al. 2019, eq. 1).</summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[M,4]</param>
    /// <returns>[N,M] float32 in [−1,1]; NaN where both have no area</returns>
    public static Tensor GeneralizedIou(Tensor boxes1, Tensor boxes2) => Overlaps(boxes1, boxes2, OverlapMeasure.Generalized);

    /// <summary>Distance IoU of all pairs: IoU − ρ²/c², the squared distance of the centres over the squared diagonal of the hull plus 1e-7 (Zheng et al. 2020, eq. 6).</summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[M,4]</param>
    /// <returns>[N,M] float32 in [−1,1]; NaN where both have no area</returns>
    public static Tensor DistanceIou(Tensor boxes1, Tensor boxes2) => Overlaps(boxes1, boxes2, OverlapMeasure.Distance);

    /// <summary>
    /// Complete IoU of all pairs: DIoU − αv with v = 4/π²·(atan(w_a/h_a) − atan(w_b/h_b))² and α = v / (1 − IoU + v + 1e-7) (Zheng et al. 2020, eqs. 8, 9, 11).
    /// </summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[M,4]</param>
    /// <returns>[N,M] float32; NaN where both have no area, or one has neither width nor height</returns>
    public static Tensor CompleteIou(Tensor boxes1, Tensor boxes2) => Overlaps(boxes1, boxes2, OverlapMeasure.Complete);

    /// <summary>Rewrites boxes from one description to another.</summary>
    /// <param name="boxes">[N,4] in the format <paramref name="from"/></param>
    /// <returns>[N,4] in the format <paramref name="to"/></returns>
    public static Tensor Convert(Tensor boxes, BoxFormat from, BoxFormat to)
    {
        if (CpuDetour.Needed(boxes))
        {
            return CpuDetour.Run(t => Convert(t[0], from, to), boxes);
        }

        OperatorInput.Boxes(boxes, nameof(boxes));
        Tensor result = boxes.detach().clone().contiguous();
        if (from == to)
        {
            return result;
        }

        float* p = (float*)Engine.Pointer(result);
        for (long end = result.shape[0]; end > 0; end--, p += 4)
        {
            if (from == BoxFormat.CornerSize)
            {
                p[2] += p[0];
                p[3] += p[1];
            }
            else if (from == BoxFormat.CenterSize)
            {
                (p[0], p[1], p[2], p[3]) = (p[0] - 0.5f * p[2], p[1] - 0.5f * p[3], p[0] + 0.5f * p[2], p[1] + 0.5f * p[3]);
            }

            if (to == BoxFormat.CornerSize)
            {
                p[2] -= p[0];
                p[3] -= p[1];
            }
            else if (to == BoxFormat.CenterSize)
            {
                (p[0], p[1], p[2], p[3]) = ((p[0] + p[2]) / 2, (p[1] + p[3]) / 2, p[2] - p[0], p[3] - p[1]);
            }
        }

        return result;
    }

    /// <summary>Moves corners into the image: x to [0, width], y to [0, height]; for inclusive boxes to the last pixel, [0, width − 1]. NaN stays.</summary>
    /// <param name="boxes">[N,4]</param>
    /// <param name="image">Height and width in pixels.</param>
    /// <param name="extent">Whether the far corner is outside the box or its last pixel.</param>
    /// <returns>[N,4]</returns>
    public static Tensor Clip(Tensor boxes, (int Height, int Width) image, BoxExtent extent = BoxExtent.HalfOpen)
    {
        if (CpuDetour.Needed(boxes))
        {
            return CpuDetour.Run(t => Clip(t[0], image, extent), boxes);
        }

        OperatorInput.Boxes(boxes, nameof(boxes));
        float extra = extent.Extra();
        Tensor result = boxes.detach().clone().contiguous();
        float* p = (float*)Engine.Pointer(result);
        for (long end = result.shape[0]; end > 0; end--, p += 4)
        {
            Clip(p, image, extra);
        }

        return result;
    }

    /// <summary>(x2 − x1)·(y2 − y1), each side one longer for inclusive boxes; negative or positive for inverted boxes as the formula says.</summary>
    /// <param name="boxes">[N,4]</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <returns>[N] float32, pixels²</returns>
    public static Tensor Area(Tensor boxes, BoxExtent extent = BoxExtent.HalfOpen)
    {
        if (CpuDetour.Needed(boxes))
        {
            return CpuDetour.Run(t => Area(t[0], extent), boxes);
        }

        OperatorInput.Boxes(boxes, nameof(boxes));
        float extra = extent.Extra();
        using Tensor b = boxes.contiguous();
        Tensor area = empty([b.shape[0]], float32);
        float* p = (float*)Engine.Pointer(b), a = (float*)Engine.Pointer(area);
        for (long i = 0; i < b.shape[0]; i++, p += 4)
        {
            a[i] = (p[2] - p[0] + extra) * (p[3] - p[1] + extra);
        }

        return area;
    }

    /// <summary>The boxes whose sides both reach a length; inverted and NaN boxes never do.</summary>
    /// <param name="boxes">[N,4]</param>
    /// <param name="minSize">Pixels, compared in float32.</param>
    /// <param name="extent">Sides with or without +1.</param>
    /// <returns>[n] int64 indices, rising</returns>
    public static Tensor KeepLarge(Tensor boxes, double minSize, BoxExtent extent = BoxExtent.HalfOpen)
    {
        if (CpuDetour.Needed(boxes))
        {
            return CpuDetour.Run(t => KeepLarge(t[0], minSize, extent), boxes);
        }

        OperatorInput.Boxes(boxes, nameof(boxes));
        float extra = extent.Extra();
        using Tensor b = boxes.contiguous();
        float* p = (float*)Engine.Pointer(b);
        var keep = new List<long>();
        for (long i = 0; i < b.shape[0]; i++, p += 4)
        {
            if (IsLarge(p, (float)minSize, extra))
            {
                keep.Add(i);
            }
        }

        return tensor(keep.ToArray(), int64);
    }

    internal static void Clip(float* box, (int Height, int Width) image, float extra = 0)
    {
        float right = image.Width - extra, bottom = image.Height - extra;
        box[0] = Clamp(box[0], right);
        box[1] = Clamp(box[1], bottom);
        box[2] = Clamp(box[2], right);
        box[3] = Clamp(box[3], bottom);
    }

    internal static bool IsLarge(float* box, float minSize, float extra = 0) => box[2] - box[0] + extra >= minSize && box[3] - box[1] + extra >= minSize;

    private static float Clamp(float v, float high) => v < 0 ? 0 : v > high ? high : v;

    private static Tensor Overlaps(Tensor boxes1, Tensor boxes2, OverlapMeasure measure, BoxExtent extent = BoxExtent.HalfOpen)
    {
        if (measure is OverlapMeasure.Iou or OverlapMeasure.Generalized && KernelLauncher.For(boxes1) is { } launcher)
        {
            return BoxesCuda.Overlaps(launcher, boxes1, boxes2, measure == OverlapMeasure.Generalized, extent.Extra());
        }

        if (CpuDetour.Needed(boxes1))
        {
            return CpuDetour.Run(t => Overlaps(t[0], t[1], measure, extent), boxes1, boxes2);
        }

        OperatorInput.Boxes(boxes1, nameof(boxes1));
        OperatorInput.Boxes(boxes2, nameof(boxes2));
        float extra = extent.Extra();
        using Tensor a = boxes1.contiguous();
        using Tensor b = boxes2.contiguous();
        int n = checked((int)a.shape[0]), m = checked((int)b.shape[0]);
        Tensor result = empty([n, m], float32);
        if (n > 0 && m > 0)
        {
            BoxKernels.Overlaps((float*)Engine.Pointer(a), n, (float*)Engine.Pointer(b), m, measure, extra, (float*)Engine.Pointer(result));
        }

        return result;
    }
}
