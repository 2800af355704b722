using static TorchSharp.torch;

namespace Rcnn.Core;

/// <summary>What an image contains, as tensors for training, on the CPU: a detector takes what it needs to its device.</summary>
/// <param name="Boxes">[N,4] float32, absolute pixels (x1,y1,x2,y2); N = 0 is a normal image without objects.</param>
/// <param name="Labels">[N] int64, 1..C; 0 is background and never occurs here.</param>
/// <param name="ImageId">Identifier of the image in its dataset, for messages.</param>
/// <param name="Masks">[N,H,W] uint8 of 0 and 1 in the pixels of the image itself, one for each box; null where the model needs none.</param>
/// <param name="Proposals">[P,4] float32, regions from outside in pixels of the image; null where the model makes its own.</param>
public sealed record Target(Tensor Boxes, Tensor Labels, long ImageId = 0, Tensor? Masks = null, Tensor? Proposals = null) : IDisposable
{
    public void Dispose()
    {
        Boxes.Dispose();
        Labels.Dispose();
        Masks?.Dispose();
        Proposals?.Dispose();
    }
}
