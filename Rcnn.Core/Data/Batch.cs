using static TorchSharp.torch;

namespace Rcnn.Core.Data;

/// <summary>Images with their targets; owns the tensors.</summary>
/// <param name="Indices">Index of each image in the dataset.</param>
/// <param name="Images">Each [H,W,3] uint8 RGB; sizes may differ.</param>
/// <param name="Targets">Boxes in pixels of the images as they are here, after shrinking and flipping.</param>
public sealed record Batch(IReadOnlyList<int> Indices, IReadOnlyList<Tensor> Images, IReadOnlyList<Target> Targets) : IDisposable
{
    /// <summary>A view of some images; the tensors stay this batch's.</summary>
    public Batch Slice(int first, int count) =>
        new([.. Indices.Skip(first).Take(count)], [.. Images.Skip(first).Take(count)], [.. Targets.Skip(first).Take(count)]);

    public void Dispose()
    {
        foreach (Tensor image in Images)
        {
            image.Dispose();
        }

        foreach (Target target in Targets)
        {
            target.Dispose();
        }
    }
}
