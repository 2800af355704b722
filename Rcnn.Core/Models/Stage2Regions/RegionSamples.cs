using static TorchSharp.torch;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Regions to train stage 2 on.</summary>
/// <param name="Boxes">[S,4] for each image, in pixels of the batch.</param>
/// <param name="Labels">[ΣS] int64, 0 is background.</param>
/// <param name="Foreground">[F] int64: rows of Labels above 0, rising.</param>
/// <param name="ForegroundLabels">[F] int64.</param>
/// <param name="Deltas">[F,4] float32: from the sampled box to its object.</param>
/// <param name="ForegroundBoxes">For each image the foreground among its boxes, [f,4].</param>
/// <param name="ForegroundObjects">For each image [f] int64: index of the object in the image.</param>
public sealed record RegionSamples(
    IReadOnlyList<Tensor> Boxes,
    Tensor Labels,
    Tensor Foreground,
    Tensor ForegroundLabels,
    Tensor Deltas,
    IReadOnlyList<Tensor> ForegroundBoxes,
    IReadOnlyList<Tensor> ForegroundObjects);
