using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>
/// What the mask branch shall answer for each sampled box: the mask of its object, cut to the box and averaged onto the M×M grid by RoIAlign with adaptive sampling and without the half-pixel shift
/// (He et al. 2017, §3; numbers as torchvision). Averages stay as they are; nothing is rounded to 0 or 1 again.
/// </summary>
public static class MaskTargets
{
    /// <param name="masks">[G,H,W] uint8 of 0 and 1: the objects of one image.</param>
    /// <param name="boxes">[R,4] float32 in pixels of the masks.</param>
    /// <param name="matched">[R] int64: the object of each box, 0 … G − 1.</param>
    /// <param name="side">M: cells along a side of the branch's output.</param>
    /// <returns>[R,M,M] float32 in [0,1]; R = 0 gives none.</returns>
    /// <exception cref="ArgumentException">Other shapes or types, or a box whose object is not there.</exception>
    public static Tensor Of(Tensor masks, Tensor boxes, Tensor matched, int side)
    {
        OperatorInput.OfType(masks, nameof(masks), ScalarType.Byte);
        OperatorInput.Boxes(boxes, nameof(boxes));
        OperatorInput.Vector(matched, nameof(matched), boxes.shape[0], ScalarType.Int64);
        OperatorInput.Positive(side, nameof(side));
        if (masks.dim() != 3)
        {
            throw new ArgumentException($"masks [G,H,W] expected, got {OperatorInput.Shape(masks)}", nameof(masks));
        }

        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        if (boxes.shape[0] == 0)
        {
            return zeros([0, side, side], float32).MoveToOuterDisposeScope();
        }

        long[] objects = matched.contiguous().data<long>().ToArray();
        int wrong = Array.FindIndex(objects, o => o < 0 || o >= masks.shape[0]);
        if (wrong >= 0)
        {
            throw new ArgumentException($"matched[{wrong}]: an object 0…{masks.shape[0] - 1} expected, got {objects[wrong]}", nameof(matched));
        }

        Tensor rois = cat([matched.to(float32).unsqueeze(1), boxes], 1);
        return RoiAlign.Apply(masks.to(float32).unsqueeze(1), rois, side, side, 1, 0, aligned: false).squeeze(1).MoveToOuterDisposeScope();
    }
}
