using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>Targets fit their images and classes before anything is computed from them.</summary>
internal static class TargetCheck
{
    public static void Run(IReadOnlyList<Tensor> images, IReadOnlyList<Target> targets, int classes, bool masks)
    {
        if (images.Count != targets.Count)
        {
            throw new ArgumentException($"one target for each image expected, got {targets.Count} for {images.Count}", nameof(targets));
        }

        for (int i = 0; i < targets.Count; i++)
        {
            Target target = targets[i];
            if (target.Boxes.shape is not [var count, 4] || target.Labels.shape is not [var length] || count != length)
            {
                throw new ArgumentException(
                    $"image {target.ImageId}: boxes [N,4] and labels [N] expected, got [{string.Join(",", target.Boxes.shape)}] and [{string.Join(",", target.Labels.shape)}]",
                    nameof(targets));
            }

            if (masks)
            {
                Masks(target, images[i]);
            }

            using Tensor labels = target.Labels.cpu();
            foreach (long label in labels.data<long>())
            {
                if (label < 1 || label >= classes)
                {
                    throw new ArgumentException($"image {target.ImageId}: labels 1 to {classes - 1} expected, got {label}", nameof(targets));
                }
            }
        }
    }

    private static void Masks(Target target, Tensor image)
    {
        long[] pixels = image.shape;
        (long height, long width) = image.dtype == ScalarType.Byte ? (pixels[0], pixels[1]) : (pixels[^2], pixels[^1]);
        if (target.Masks is not { } given || given.dtype != ScalarType.Byte || given.shape is not [var n, var h, var w] || (n, h, w) != (target.Boxes.shape[0], height, width))
        {
            string got = target.Masks is { } m ? $"{m.dtype} [{string.Join(",", m.shape)}]" : "none";
            throw new ArgumentException($"image {target.ImageId}: masks uint8 [{target.Boxes.shape[0]},{height},{width}] expected, got {got}", nameof(target));
        }
    }
}
