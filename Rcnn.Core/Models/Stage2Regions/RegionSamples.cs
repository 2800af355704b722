using static TorchSharp.torch;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Regions to train stage 2 on.</summary>
/// <param name="Boxes">[S,4] for each image, in pixels of the batch.</param>
/// <param name="Labels">[ΣS] int64, 0 is background.</param>
/// <param name="Foreground">[F] int64: rows of Labels above 0, rising.</param>
/// <param name="ForegroundLabels">[F] int64.</param>
/// <param name="Deltas">[F,4] float32: from the sampled box to its object.</param>
public sealed record RegionSamples(IReadOnlyList<Tensor> Boxes, Tensor Labels, Tensor Foreground, Tensor ForegroundLabels, Tensor Deltas);
