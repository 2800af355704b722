using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Draws the mask of each box into an image of its own (He et al. 2017, §3.1; numbers as torchvision): the mask gets a border of zeros, the box grows by the same factor and
/// is cut to whole pixels towards zero, and the mask is stretched over it bilinearly. No gradient passes through.
/// </summary>
public static unsafe class MaskPaste
{
    /// <param name="masks">[N,1,M,M] float32, soft masks</param>
    /// <param name="boxes">[N,4] float32 in pixels of the image; parts outside are cut off</param>
    /// <param name="image">Height and width in pixels.</param>
    /// <param name="padding">Width of the border of zeros, mask cells.</param>
    /// <returns>[N,1,H,W] float32</returns>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public static Tensor Apply(Tensor masks, Tensor boxes, (int Height, int Width) image, int padding = 1)
    {
        OperatorInput.Float32(masks, nameof(masks));
        OperatorInput.Boxes(boxes, nameof(boxes));
        if (masks.dim() != 4 || masks.shape[0] != boxes.shape[0] || masks.shape[1] != 1 || masks.shape[2] != masks.shape[3])
        {
            throw new ArgumentException($"masks [{boxes.shape[0]},1,M,M] expected, got {OperatorInput.Shape(masks)}", nameof(masks));
        }

        OperatorInput.Positive(image.Height, nameof(image));
        OperatorInput.Positive(image.Width, nameof(image));
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        using Tensor m = masks.contiguous();
        using Tensor b = boxes.contiguous();
        int count = (int)m.shape[0], side = (int)m.shape[2];
        Tensor result = zeros([count, 1, image.Height, image.Width], float32);
        var (mask, box, output) = (Engine.Pointer(m), Engine.Pointer(b), Engine.Pointer(result));
        ParallelLoop.Run(side == 0 ? 0 : count, i =>
            One((float*)mask + (long)i * side * side, side, padding, (float*)box + 4L * i, (float*)output + (long)i * image.Height * image.Width, image));
        return result;
    }

    private static void One(float* mask, int side, int padding, float* box, float* output, (int Height, int Width) image)
    {
        int padded = side + 2 * padding;
        float scale = (float)padded / side;
        (long left, long right) = Grow(box[0], box[2], scale);
        (long top, long bottom) = Grow(box[1], box[3], scale);
        long width = Math.Max(right - left + 1, 1), height = Math.Max(bottom - top + 1, 1);
        float stepX = (float)padded / width, stepY = (float)padded / height;
        for (long y = Math.Max(top, 0); y < Math.Min(bottom + 1, image.Height); y++)
        {
            (int y0, int y1, float below) = Between(y - top, stepY, padded);
            for (long x = Math.Max(left, 0); x < Math.Min(right + 1, image.Width); x++)
            {
                (int x0, int x1, float beside) = Between(x - left, stepX, padded);
                float upper = (1 - beside) * Cell(mask, side, padding, y0, x0) + beside * Cell(mask, side, padding, y0, x1);
                float lower = (1 - beside) * Cell(mask, side, padding, y1, x0) + beside * Cell(mask, side, padding, y1, x1);
                output[y * image.Width + x] = (1 - below) * upper + below * lower;
            }
        }
    }

    private static (long From, long To) Grow(float from, float to, float scale)
    {
        float half = (to - from) * 0.5f * scale, center = (to + from) * 0.5f;
        return ((long)(center - half), (long)(center + half));
    }

    // Bilinear position with pixel centres at one half, clamped at the border.
    private static (int Low, int High, float Fraction) Between(long at, float step, int size)
    {
        float position = Math.Max((at + 0.5f) * step - 0.5f, 0);
        int low = Math.Min((int)position, size - 1);
        return (low, Math.Min(low + 1, size - 1), position - low);
    }

    private static float Cell(float* mask, int side, int padding, int y, int x)
    {
        (y, x) = (y - padding, x - padding);
        return y >= 0 && x >= 0 && y < side && x < side ? mask[y * side + x] : 0;
    }
}
