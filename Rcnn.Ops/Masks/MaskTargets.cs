using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// What the mask branch shall answer for each sampled box: the mask of its object, cut to the box and averaged onto the M×M grid by RoIAlign with adaptive sampling and without the half-pixel shift
/// (He et al. 2017, §3; numbers as torchvision). Averages stay as they are; nothing is rounded to 0 or 1 again.
/// </summary>
/// <remarks>Reads the bytes of the masks where the boxes lie; no picture becomes floating point as a whole.</remarks>
public static unsafe class MaskTargets
{
    /// <param name="masks">[G,H,W] uint8 of 0 and 1: the objects of one image.</param>
    /// <param name="boxes">[R,4] float32 in pixels of the masks.</param>
    /// <param name="matched">[R] int64: the object of each box, 0 … G − 1.</param>
    /// <param name="side">M: cells along a side of the branch's output.</param>
    /// <returns>[R,M,M] float32 in [0,1]; R = 0 gives none.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a box whose object is not there.</exception>
    public static Tensor Of(Tensor masks, Tensor boxes, Tensor matched, int side)
    {
        if (CpuDetour.Needed(masks))
        {
            return CpuDetour.Run(t => Of(t[0], t[1], t[2], side), masks, boxes, matched);
        }

        OperatorInput.OfType(masks, nameof(masks), ScalarType.Byte);
        OperatorInput.Boxes(boxes, nameof(boxes));
        OperatorInput.Vector(matched, nameof(matched), boxes.shape[0], ScalarType.Int64);
        OperatorInput.Positive(side, nameof(side));
        if (masks.dim() != 3)
        {
            throw new ArgumentException($"masks [G,H,W] expected, got {OperatorInput.Shape(masks)}", nameof(masks));
        }

        long count = masks.shape[0];
        using Tensor m = masks.contiguous();
        using Tensor b = boxes.detach().contiguous();
        using Tensor o = matched.contiguous();
        long[] objects = o.data<long>().ToArray();
        int wrong = Array.FindIndex(objects, i => i < 0 || i >= count);
        if (wrong >= 0)
        {
            throw new ArgumentException($"matched[{wrong}]: an object 0…{count - 1} expected, got {objects[wrong]}", nameof(matched));
        }

        int height = (int)masks.shape[1], width = (int)masks.shape[2];
        var settings = new RoiAlignSettings(side, side, 1, 0, Aligned: false);
        Tensor result = zeros([objects.Length, side, side], float32);
        var (pixels, corners, output) = (Engine.Pointer(m), Engine.Pointer(b), Engine.Pointer(result));
        ParallelLoop.Run(height == 0 || width == 0 ? 0 : objects.Length, i =>
            One((byte*)pixels + (objects[i] * height * width), height, width, (float*)corners + (4L * i), settings, (float*)output + ((long)i * side * side)));
        return result;
    }

    private static void One(byte* mask, int height, int width, float* box, RoiAlignSettings settings, float* target)
    {
        float* roi = stackalloc float[] { 0, box[0], box[1], box[2], box[3] };
        var region = new RoiAlignRegion(roi, settings, height, width);
        using var rows = new SampleAxis(settings.Height, height);
        using var columns = new SampleAxis(settings.Width, width);
        rows.Build(region.Y);
        columns.Build(region.X);
        float scale = region.InverseCount;
        for (int y = 0; y < settings.Height; y++, target += settings.Width)
        {
            for (int r = rows.Start[y]; r < rows.Start[y + 1]; r++)
            {
                byte* line = mask + ((long)rows.Index[r] * width);
                float weight = rows.Weight[r] * scale;
                for (int x = 0; x < settings.Width; x++)
                {
                    float sum = 0;
                    for (int c = columns.Start[x]; c < columns.Start[x + 1]; c++)
                    {
                        sum += line[columns.Index[c]] * columns.Weight[c];
                    }

                    target[x] += weight * sum;
                }
            }
        }
    }
}
