using static TorchSharp.torch;

namespace Rcnn.Core;

/// <summary>Images resized, normalised and padded to one size.</summary>
/// <param name="Pixels">[B,3,H,W] float32, channels-last in memory, on the model's device; H and W are multiples of the size divisor.</param>
/// <param name="Sizes">Size of each image inside the batch, without padding.</param>
/// <param name="OriginalSizes">Size of each image as it was given.</param>
public sealed record ImageBatch(Tensor Pixels, IReadOnlyList<ImageSize> Sizes, IReadOnlyList<ImageSize> OriginalSizes);
