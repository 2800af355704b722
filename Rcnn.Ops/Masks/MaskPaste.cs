using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// Draws the soft mask of each box into an image of its own, bilinearly (He et al. 2017, §3.1), by the numbers of <see cref="MaskPasteConvention"/>. No gradient passes through.
/// </summary>
public static unsafe class MaskPaste
{
    /// <param name="masks">[N,1,M,M] float32, soft masks</param>
    /// <param name="boxes">[N,4] float32 in pixels of the image; parts outside are cut off</param>
    /// <param name="image">Height and width in pixels.</param>
    /// <param name="padding">Width of the border of zeros, mask cells; <see cref="MaskPasteConvention.Torchvision"/> alone has one.</param>
    /// <param name="convention">How the mask meets the pixels.</param>
    /// <returns>[N,1,H,W] float32. A box that is not finite leaves nothing; under <see cref="MaskPasteConvention.Detectron2"/> nor does one without area.</returns>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public static Tensor Apply(
        Tensor masks, Tensor boxes, (int Height, int Width) image, int padding = 1, MaskPasteConvention convention = MaskPasteConvention.Torchvision)
    {
        if (KernelLauncher.For(masks) is { } launcher)
        {
            return MaskPasteCuda.Apply(launcher, masks, boxes, image, padding, convention);
        }

        Check(masks, boxes, image, padding);
        using Tensor m = masks.contiguous();
        using Tensor b = boxes.contiguous();
        int count = (int)m.shape[0], side = (int)m.shape[2];
        Tensor result = zeros([count, 1, image.Height, image.Width], float32);
        var (mask, box, output) = (Engine.Pointer(m), Engine.Pointer(b), Engine.Pointer(result));
        ParallelLoop.Run(side == 0 ? 0 : count, i =>
        {
            using var stretched = new StretchedMask((float*)mask + ((long)i * side * side), side, (float*)box + (4L * i), image, padding, convention);
            float* target = (float*)output + ((long)i * image.Height * image.Width);
            for (int y = 0; y < stretched.Height; y++)
            {
                stretched.Row(y, target + ((long)(stretched.Top + y) * image.Width) + stretched.Left);
            }
        });
        return result;
    }

    /// <summary>The pixels of each object, run-length encoded, without ever holding the images.</summary>
    /// <param name="masks">[N,1,M,M] float32, probabilities.</param>
    /// <param name="boxes">[N,4] float32 in pixels of the image.</param>
    /// <param name="image">Height and width in pixels.</param>
    /// <param name="threshold">The probability from which on a pixel belongs to the object.</param>
    /// <param name="convention">How the mask meets the pixels, and on which side the threshold itself is.</param>
    /// <returns>N masks of the size of the image.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a threshold outside (0, 1).</exception>
    public static Rle[] Encode(
        Tensor masks, Tensor boxes, (int Height, int Width) image, double threshold = 0.5, MaskPasteConvention convention = MaskPasteConvention.Torchvision)
    {
        if (CpuDetour.Needed(masks))
        {
            using var scope = NewDisposeScope();
            Tensor[] inputs = CpuDetour.Fetch(masks, boxes);
            return Encode(inputs[0], inputs[1], image, threshold, convention);
        }

        Check(masks, boxes, image, 0);
        if (!(threshold is > 0 and < 1))
        {
            throw new ArgumentException(FormattableString.Invariant($"threshold between 0 and 1 expected, got {threshold}"), nameof(threshold));
        }

        // x > t as x ≥ the next number, so that one comparison serves both.
        float least = (float)threshold;
        least = convention == MaskPasteConvention.Torchvision ? MathF.BitIncrement(least) : least;
        using Tensor m = masks.contiguous();
        using Tensor b = boxes.contiguous();
        int count = (int)m.shape[0], side = (int)m.shape[2];
        var (mask, box) = (Engine.Pointer(m), Engine.Pointer(b));
        var result = new Rle[count];
        ParallelLoop.Run(count, i =>
        {
            using var stretched = new StretchedMask((float*)mask + ((long)i * side * side), side, (float*)box + (4L * i), image, 1, convention);
            int width = stretched.Width;
            using var line = new Scratch<float>(width);
            using var pixels = new Scratch<byte>((long)stretched.Height * width);
            for (int y = 0; y < stretched.Height; y++)
            {
                stretched.Row(y, line.Pointer);
                byte* target = pixels.Pointer + ((long)y * width);
                for (int x = 0; x < width; x++)
                {
                    target[x] = line.Pointer[x] >= least ? (byte)1 : (byte)0;
                }
            }

            using var runs = new RunBuffer();
            RleCodec.Encode(pixels.Pointer, new(stretched.Left, stretched.Top, stretched.Height, width), image.Height, image.Width, runs);
            result[i] = Rle.OfRuns(image.Height, image.Width, runs.Span);
        });
        return result;
    }

    private static void Check(Tensor masks, Tensor boxes, (int Height, int Width) image, int padding)
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
    }
}
