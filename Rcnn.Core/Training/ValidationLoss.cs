using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>The loss on data that is not trained on, to be held against the training loss: where they part, the model learns its images by heart.</summary>
internal static class ValidationLoss
{
    /// <summary>
    /// The mean of each loss part over all images, as <c>loss</c> and the parts' own names. Without augmentation and gradients, in evaluation mode, with the same
    /// samples of anchors and regions every time.
    /// </summary>
    public static IReadOnlyDictionary<string, double> Compute(Trainer trainer, IDetectionDataset data, TrainConfig config, ProposalSource? proposals)
    {
        using var loader = new BatchLoader(data, new LoaderOptions
        {
            BatchSize = config.Optimizer.MicroBatch > 0 ? Math.Min(config.Optimizer.MicroBatch, config.Data.BatchSize) : config.Data.BatchSize,
            Shuffle = false,
            MaxSide = config.Data.MaxSide,
            Proposals = proposals,
            Workers = config.Data.Workers,
            Prefetch = config.Data.Prefetch,
            Masks = DetectorFactory.NeedsMasks(config.Model),
        });
        var random = new RandomStream(config.Seed, "validation");
        var sums = new Dictionary<string, double> { ["loss"] = 0 };
        foreach (Batch batch in loader.Epoch(0))
        {
            using (batch)
            using (no_grad())
            using (NewDisposeScope())
            {
                foreach ((string name, Tensor value) in trainer.Loss(batch, random).Parts)
                {
                    double weighted = value.ToDouble() * batch.Images.Count / data.Count;
                    sums[name] = sums.GetValueOrDefault(name) + weighted;
                    sums["loss"] += weighted;
                }
            }
        }

        return sums;
    }
}
