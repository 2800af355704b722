namespace Rcnn.Core.Models;

/// <summary>How a stage learns to classify.</summary>
public sealed record ClassLossConfig
{
    /// <summary>
    /// cross-entropy: mean over the sample. focal-softmax, focal-sigmoid: sum over the foreground's number (Lin et al. 2017, §4); stage 1 has one logit an anchor and takes the
    /// sigmoid only; in stage 2 focal-sigmoid makes each class a yes-or-no of its own, in detection too. ohem: cross-entropy of hard examples (Shrivastava et al. 2016): stage 2
    /// takes the batchPerImage regions of the highest loss among all, after NMS by loss; stage 1 draws its foreground and fills up with the background of the highest loss.
    /// </summary>
    public string Kind { get; init; } = "cross-entropy";

    /// <summary>Focal: weight of the foreground in [0,1]; the background has 1 − α.</summary>
    public double FocalAlpha { get; init; } = 0.25;

    /// <summary>Focal: γ ≥ 0.</summary>
    public double FocalGamma { get; init; } = 2;

    /// <summary>
    /// Focal: how sure of the foreground a random head starts, in (0,1), by the bias of its last layer (Lin et al. 2017, §3.3 and 4.1), so that the many easy background samples do not
    /// drown the first steps; null leaves the biases as cross-entropy has them. Weights from a file have their own.
    /// </summary>
    public double? FocalPrior { get; init; } = 0.01;

    /// <summary>ohem in stage 2: regions that overlap a harder one by more than this IoU are left out; 1 keeps them.</summary>
    public double OhemNms { get; init; } = 0.7;
}

/// <summary>How a stage learns to place boxes.</summary>
public sealed record BoxLossConfig
{
    /// <summary>
    /// On the codes dx, dy, dw, dh: smooth-l1, l1, balanced-l1. On the boxes that they give: giou, diou, ciou; their loss weight is usually larger, about 10 for normalizer samples.
    /// </summary>
    public string Kind { get; init; } = "smooth-l1";

    /// <summary>smooth-l1: below this difference the loss is quadratic; Caffe's 1/σ². balanced-l1: above it the gradient is constant, 1 in the paper.</summary>
    public double Beta { get; init; } = 1.0 / 9;

    /// <summary>balanced-l1: α of Pang et al. 2019, eq. 6.</summary>
    public double BalancedAlpha { get; init; } = 0.5;

    /// <summary>balanced-l1: γ of the same.</summary>
    public double BalancedGamma { get; init; } = 1.5;

    /// <summary>What the sum over the foreground is divided by: samples, all that were drawn; batch, all that should be drawn; or foreground.</summary>
    public string Normalizer { get; init; } = "samples";
}
