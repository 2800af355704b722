using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>As <see cref="IDetector.Detect"/>.</summary>
public delegate IReadOnlyList<Detections> DetectImages(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external = null);

/// <summary>A trained detector, whatever its kind: what evaluation and the command line need of it.</summary>
public interface IDetector : IDisposable
{
    DetectorConfig Config { get; }

    /// <summary>Whether its detections have masks.</summary>
    bool HasMasks { get; }

    /// <summary>Evaluation mode.</summary>
    void eval();

    /// <summary>What is in the images, in their own pixels, by falling score.</summary>
    /// <param name="images">uint8 [H,W,3] each.</param>
    /// <param name="external">Proposals from outside, [P,4] float32 for each image in its pixels; null where the detector makes its own.</param>
    IReadOnlyList<Detections> Detect(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external = null);
}
