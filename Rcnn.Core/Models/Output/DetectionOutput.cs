using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Output;

/// <summary>
/// Stage 2's answer to detections: softmax (sigmoid where it was trained so), a box for each class, scores above the threshold, NMS within each class, the best of each
/// image.
/// </summary>
public sealed class DetectionOutput(OutputConfig config, RoiConfig regions)
{
    private readonly BoxCoder _coder = BoxSettings.Coder("model.roi", regions.BoxWeights, regions.MaxGrowth, regions.BoxExtent);
    private readonly ClassScores _scores = regions.ClassLoss.Kind == "focal-sigmoid" ? ClassScores.Sigmoid : ClassScores.Softmax;
    private readonly DetectionLimits _limits = new(
        config.ScoreThreshold ?? 0.05, config.NmsThreshold, config.DetectionsPerImage, Extent: BoxSettings.Extent("model.output.selectionExtent", config.SelectionExtent));

    /// <summary>Detections in pixels of the batch. <paramref name="proposals"/>: [R,4] for each image in pixels of the batch.</summary>
    public IReadOnlyList<Detections> Run(RegionPrediction prediction, IReadOnlyList<Tensor> proposals, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<ScoredDetections> found = BoxPostProcess.Run(
            prediction.Logits, prediction.Deltas, proposals, [.. batch.Sizes.Select(s => (s.Height, s.Width))], _coder, _limits, _scores);
        return [.. found.Select(f => new Detections(f.Boxes, f.Scores, f.Labels).MoveToOuterScope())];
    }
}
