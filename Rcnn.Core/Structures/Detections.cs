using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core;

/// <summary>The result for one image, by falling score. From a detector: on the CPU, wherever its parameters are.</summary>
/// <param name="Boxes">[N,4] float32 (x1,y1,x2,y2) in pixels of the image as it was given.</param>
/// <param name="Scores">[N] float32 in [0,1].</param>
/// <param name="Labels">[N] int64, 1..C.</param>
/// <param name="Masks">[N,1,M,M] float32: how probably each cell of the box's M×M grid belongs to the object; null from a model without a mask head.
/// <see cref="MaskPaste"/> draws them into the image.</param>
public sealed record Detections(Tensor Boxes, Tensor Scores, Tensor Labels, Tensor? Masks = null) : IDisposable
{
    public int Count => (int)Boxes.shape[0];

    /// <summary>Keeps the tensors when the innermost dispose scope ends.</summary>
    public Detections MoveToOuterScope()
    {
        Boxes.MoveToOuterDisposeScope();
        Scores.MoveToOuterDisposeScope();
        Labels.MoveToOuterDisposeScope();
        Masks?.MoveToOuterDisposeScope();
        return this;
    }

    public void Dispose()
    {
        Boxes.Dispose();
        Scores.Dispose();
        Labels.Dispose();
        Masks?.Dispose();
    }
}
