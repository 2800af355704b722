using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Criteria;

/// <summary>The loss of what a stage says about its samples, as <see cref="ClassLossConfig"/> names it.</summary>
public sealed class ClassCriterion(ClassLossConfig config)
{
    /// <summary>Whether the batch is to be the hardest examples.</summary>
    public bool Mines => config.Kind == "ohem";

    /// <summary>IoU above which a region that repeats a harder one is not mined.</summary>
    public double MiningNms => config.OhemNms;

    /// <summary>Object against background.</summary>
    /// <param name="logits">[S] float32</param>
    /// <param name="labels">[S] float32, 1 or 0</param>
    /// <param name="foreground">How many are 1.</param>
    /// <returns>A scalar; 0 where there are no samples, with a graph, so that gradients exist and are 0.</returns>
    public Tensor Objectness(Tensor logits, Tensor labels, long foreground) => labels.shape[0] == 0 ? Nothing(logits) : config.Kind == "focal-sigmoid"
        ? Rcnn.Ops.Losses.SigmoidFocal(logits, labels, config.FocalAlpha, config.FocalGamma, Reduction.Sum).div((double)Math.Max(1, foreground))
        : F.binary_cross_entropy_with_logits(logits, labels);

    /// <summary>One of C classes or background.</summary>
    /// <param name="logits">[S,C+1] float32; column 0 is background, unused by focal-sigmoid</param>
    /// <param name="labels">[S] int64 in 0 … C</param>
    /// <param name="foreground">How many are above 0.</param>
    /// <returns>A scalar; 0 where there are no samples, with a graph, so that gradients exist and are 0.</returns>
    public Tensor Classes(Tensor logits, Tensor labels, long foreground)
    {
        if (labels.shape[0] == 0)
        {
            return Nothing(logits);
        }

        using var scope = NewDisposeScope();
        long classes = logits.shape[1];
        Tensor loss = config.Kind switch
        {
            "focal-softmax" => Rcnn.Ops.Losses.SoftmaxFocal(logits, labels, config.FocalGamma,
                [1 - config.FocalAlpha, .. Enumerable.Repeat(config.FocalAlpha, (int)classes - 1)], reduction: Reduction.Sum).div((double)Math.Max(1, foreground)),
            "focal-sigmoid" => Rcnn.Ops.Losses.SigmoidFocal(logits.narrow(1, 1, classes - 1), labels.unsqueeze(1).eq(arange(1, classes, ScalarType.Int64, labels.device)).to(ScalarType.Float32),
                config.FocalAlpha, config.FocalGamma, Reduction.Sum).div((double)Math.Max(1, foreground)),
            _ => F.cross_entropy(logits, labels),
        };
        return loss.MoveToOuterDisposeScope();
    }

    /// <summary>The mean over no samples would not be a number.</summary>
    private static Tensor Nothing(Tensor logits)
    {
        using Tensor sum = logits.sum();
        return sum.mul(0);
    }

    /// <summary>The cross-entropy of each sample, to find the hardest: [S].</summary>
    public static Tensor Rows(Tensor logits, Tensor labels) => Rcnn.Ops.Losses.SoftmaxFocal(logits, labels, gamma: 0, reduction: Reduction.None);
}
