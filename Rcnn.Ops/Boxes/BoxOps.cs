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
/// Elementary box operators. Boxes are float32 [N,4] (x1,y1,x2,y2) in absolute pixels, half-open, on the CPU; N = 0 is a normal input. Values only: no gradient
/// passes through. Every method throws <see cref="ArgumentException"/> for another shape or type, naming what it got.
/// </summary>
public static unsafe class BoxOps
{
    /// <summary>Intersection over union of all pairs: |a∩b| / |a∪b|, areas without +1.</summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[M,4]</param>
    /// <returns>[N,M] float32; 0 for boxes that do not meet, NaN where both have no area</returns>
    public static Tensor Iou(Tensor boxes1, Tensor boxes2) => Overlaps(boxes1, boxes2, generalized: false);

    /// <summary>Generalized IoU of all pairs: IoU − |hull \ (a∪b)| / |hull| (Rezatofighi et al. 2019, eq. 1).</summary>
    /// <param name="boxes1">[N,4]</param>
    /// <param name="boxes2">[M,4]</param>
    /// <returns>[N,M] float32 in [−1,1]; NaN where both have no area</returns>
    public static Tensor GeneralizedIou(Tensor boxes1, Tensor boxes2) => Overlaps(boxes1, boxes2, generalized: true);

    /// <summary>Rewrites boxes from one description to another.</summary>
    /// <param name="boxes">[N,4] in the format <paramref name="from"/></param>
    /// <returns>[N,4] in the format <paramref name="to"/></returns>
    public static Tensor Convert(Tensor boxes, BoxFormat from, BoxFormat to)
    {
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

    /// <summary>Moves corners into the image: x to [0, width], y to [0, height]. NaN stays.</summary>
    /// <param name="boxes">[N,4]</param>
    /// <param name="image">Height and width in pixels.</param>
    /// <returns>[N,4]</returns>
    public static Tensor Clip(Tensor boxes, (int Height, int Width) image)
    {
        OperatorInput.Boxes(boxes, nameof(boxes));
        Tensor result = boxes.detach().clone().contiguous();
        float* p = (float*)Engine.Pointer(result);
        for (long end = result.shape[0]; end > 0; end--, p += 4)
        {
            Clip(p, image);
        }

        return result;
    }

    /// <summary>(x2 − x1)·(y2 − y1), negative or positive for inverted boxes as the formula says.</summary>
    /// <param name="boxes">[N,4]</param>
    /// <returns>[N] float32, pixels²</returns>
    public static Tensor Area(Tensor boxes)
    {
        OperatorInput.Boxes(boxes, nameof(boxes));
        using Tensor b = boxes.contiguous();
        Tensor area = empty([b.shape[0]], float32);
        float* p = (float*)Engine.Pointer(b), a = (float*)Engine.Pointer(area);
        for (long i = 0; i < b.shape[0]; i++, p += 4)
        {
            a[i] = (p[2] - p[0]) * (p[3] - p[1]);
        }

        return area;
    }

    /// <summary>The boxes whose sides both reach a length; inverted and NaN boxes never do.</summary>
    /// <param name="boxes">[N,4]</param>
    /// <param name="minSize">Pixels, compared in float32.</param>
    /// <returns>[n] int64 indices, rising</returns>
    public static Tensor KeepLarge(Tensor boxes, double minSize)
    {
        OperatorInput.Boxes(boxes, nameof(boxes));
        using Tensor b = boxes.contiguous();
        float* p = (float*)Engine.Pointer(b);
        var keep = new List<long>();
        for (long i = 0; i < b.shape[0]; i++, p += 4)
        {
            if (IsLarge(p, (float)minSize))
            {
                keep.Add(i);
            }
        }

        return tensor(keep.ToArray(), int64);
    }

    internal static void Clip(float* box, (int Height, int Width) image)
    {
        box[0] = Clamp(box[0], image.Width);
        box[1] = Clamp(box[1], image.Height);
        box[2] = Clamp(box[2], image.Width);
        box[3] = Clamp(box[3], image.Height);
    }

    internal static bool IsLarge(float* box, float minSize) => box[2] - box[0] >= minSize && box[3] - box[1] >= minSize;

    private static float Clamp(float v, float high) => v < 0 ? 0 : v > high ? high : v;

    private static Tensor Overlaps(Tensor boxes1, Tensor boxes2, bool generalized)
    {
        OperatorInput.Boxes(boxes1, nameof(boxes1));
        OperatorInput.Boxes(boxes2, nameof(boxes2));
        using Tensor a = boxes1.contiguous();
        using Tensor b = boxes2.contiguous();
        int n = checked((int)a.shape[0]), m = checked((int)b.shape[0]);
        Tensor result = empty([n, m], float32);
        if (n > 0 && m > 0)
        {
            BoxKernels.Overlaps((float*)Engine.Pointer(a), n, (float*)Engine.Pointer(b), m, generalized, (float*)Engine.Pointer(result));
        }

        return result;
    }
}
