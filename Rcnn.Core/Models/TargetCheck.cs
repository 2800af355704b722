using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>Targets fit their images and classes before anything is computed from them.</summary>
internal static class TargetCheck
{
    public static void Run(IReadOnlyList<Tensor> images, IReadOnlyList<Target> targets, int classes)
    {
        if (images.Count != targets.Count)
        {
            throw new ArgumentException($"one target for each image expected, got {targets.Count} for {images.Count}", nameof(targets));
        }

        foreach (Target target in targets)
        {
            if (target.Boxes.shape is not [var count, 4] || target.Labels.shape is not [var labels] || count != labels)
            {
                throw new ArgumentException(
                    $"image {target.ImageId}: boxes [N,4] and labels [N] expected, got [{string.Join(",", target.Boxes.shape)}] and [{string.Join(",", target.Labels.shape)}]",
                    nameof(targets));
            }

            foreach (long label in target.Labels.data<long>())
            {
                if (label < 1 || label >= classes)
                {
                    throw new ArgumentException($"image {target.ImageId}: labels 1 to {classes - 1} expected, got {label}", nameof(targets));
                }
            }
        }
    }
}
