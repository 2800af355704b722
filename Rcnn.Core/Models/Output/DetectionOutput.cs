using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Output;

/// <summary>
/// Stage 2's answer to detections: softmax, a box for each class, scores above the threshold, NMS within each class, the best of each
/// image, back in the pixels of the image as it was given.
/// </summary>
public sealed class DetectionOutput(OutputConfig config, double[] boxWeights)
{
    private readonly BoxCoder _coder = new(boxWeights);
    private readonly DetectionLimits _limits = new(config.ScoreThreshold, config.NmsThreshold, config.DetectionsPerImage);

    /// <summary><paramref name="proposals"/>: [R,4] for each image in pixels of the batch.</summary>
    public IReadOnlyList<Detections> Run(RegionPrediction regions, IReadOnlyList<Tensor> proposals, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<ScoredDetections> found = BoxPostProcess.Run(
            regions.Logits, regions.Deltas, proposals, [.. batch.Sizes.Select(s => (s.Height, s.Width))], _coder, _limits);
        var detections = new Detections[found.Count];
        for (int i = 0; i < detections.Length; i++)
        {
            detections[i] = new Detections(
                InputTransform.ScaleBoxes(found[i].Boxes, batch.Sizes[i], batch.OriginalSizes[i]), found[i].Scores, found[i].Labels).MoveToOuterScope();
        }

        return detections;
    }
}
