using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>The smallest box around each mask.</summary>
public static unsafe class MaskBoxes
{
    /// <param name="masks">[N,H,W] uint8; anything but 0 belongs to the object. N = 0 gives no boxes.</param>
    /// <returns>[N,4] float32: columns and rows of the outermost pixels, both ends <b>inclusive</b>, as torchvision has it; a single pixel gives a box without area</returns>
    /// <exception cref="ArgumentException">Another shape or type, or a mask without a pixel.</exception>
    public static Tensor Around(Tensor masks)
    {
        if (CpuDetour.Needed(masks))
        {
            return CpuDetour.Run(t => Around(t[0]), masks);
        }

        OperatorInput.OfType(masks, nameof(masks), ScalarType.Byte);
        if (masks.dim() != 3)
        {
            throw new ArgumentException($"masks [N,H,W] expected, got {OperatorInput.Shape(masks)}", nameof(masks));
        }

        using Tensor source = masks.contiguous();
        int count = (int)source.shape[0], height = (int)source.shape[1], width = (int)source.shape[2];
        Tensor boxes = empty([count, 4], float32);
        byte* row = (byte*)Engine.Pointer(source);
        float* box = (float*)Engine.Pointer(boxes);
        for (int i = 0; i < count; i++, box += 4)
        {
            int left = width, right = -1, top = -1, bottom = -1;
            for (int y = 0; y < height; y++, row += width)
            {
                var line = new ReadOnlySpan<byte>(row, width);
                int first = line.IndexOfAnyExcept((byte)0);
                if (first >= 0)
                {
                    top = top < 0 ? y : top;
                    bottom = y;
                    left = Math.Min(left, first);
                    right = Math.Max(right, line.LastIndexOfAnyExcept((byte)0));
                }
            }

            if (right < 0)
            {
                boxes.Dispose();
                throw new ArgumentException($"masks[{i}] has no pixel", nameof(masks));
            }

            box[0] = left;
            box[1] = top;
            box[2] = right;
            box[3] = bottom;
        }

        return boxes;
    }
}
