using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Criteria;

/// <summary>The loss of the foreground's boxes, as <see cref="BoxLossConfig"/> names it.</summary>
public sealed class BoxCriterion
{
    private readonly BoxLossConfig _config;
    private readonly BoxCoder _coder;
    private readonly double[] _weights;
    private readonly double _clip, _extra;

    /// <param name="weights">Those of the coder that made the codes; its limit of growth and its extent are the others.</param>
    /// <param name="maxGrowth">Factor by which a side may grow; null: any.</param>
    /// <param name="extent">How sides are measured. Decoded boxes of either kind are half-open: of inclusive ones the last pixel's far edge.</param>
    public BoxCriterion(BoxLossConfig config, double[] weights, double? maxGrowth = 1000.0 / 16, BoxExtent extent = BoxExtent.HalfOpen)
    {
        (_config, _weights) = (config, weights);
        (_clip, _extra) = (maxGrowth is { } factor ? Math.Log(factor) : BoxCoder.NoClip, extent == BoxExtent.Inclusive ? 1 : 0);
        _coder = new BoxCoder(weights, _clip, extent);
    }

    /// <summary>What the sum is divided by, at least 1. <paramref name="wanted"/>: samples that should have been drawn.</summary>
    public long Divisor(long foreground, long samples, long wanted) => _config.Normalizer switch
    {
        "foreground" => Math.Max(1, foreground),
        "batch" => wanted,
        _ => Math.Max(1, samples),
    };

    /// <summary>The sum over the foreground, a scalar.</summary>
    /// <param name="codes">[F,4] float32, predicted; the gradient goes here</param>
    /// <param name="targets">[F,4] float32, true</param>
    /// <param name="boxes">[F,4] float32: what the codes start from</param>
    public Tensor Sum(Tensor codes, Tensor targets, Tensor boxes) => Evaluate(codes, targets, boxes, Reduction.Sum);

    /// <summary>The loss of each box: [F].</summary>
    /// <inheritdoc cref="Sum"/>
    public Tensor Rows(Tensor codes, Tensor targets, Tensor boxes)
    {
        Tensor loss = Evaluate(codes, targets, boxes, Reduction.None);
        return loss.dim() == 2 ? loss.sum(dim: 1) : loss;
    }

    private Tensor Evaluate(Tensor codes, Tensor targets, Tensor boxes, Reduction reduction) => _config.Kind switch
    {
        "l1" => Rcnn.Ops.Losses.L1(codes, targets, reduction),
        "balanced-l1" => Rcnn.Ops.Losses.BalancedL1(codes, targets, _config.BalancedAlpha, _config.BalancedGamma, _config.Beta, reduction),
        "giou" => BoxLosses.Generalized(Decode(codes, boxes), Goal(targets, boxes), reduction),
        "diou" => BoxLosses.Distance(Decode(codes, boxes), Goal(targets, boxes), reduction),
        "ciou" => BoxLosses.Complete(Decode(codes, boxes), Goal(targets, boxes), reduction),
        _ => Rcnn.Ops.Losses.SmoothL1(codes, targets, _config.Beta, reduction),
    };

    private Tensor Goal(Tensor targets, Tensor boxes)
    {
        using Tensor decoded = _coder.Decode(targets.detach(), boxes);
        return decoded.squeeze(1);
    }

    /// <summary>As <see cref="BoxCoder.Decode(Tensor, Tensor)"/>, with a gradient; dw and dh have none above the limit.</summary>
    private Tensor Decode(Tensor codes, Tensor boxes)
    {
        using var scope = NewDisposeScope();
        Tensor corner = boxes.narrow(1, 0, 2), size = boxes.narrow(1, 2, 2).sub(corner);
        size = _extra == 0 ? size : size.add(_extra);
        Tensor shift = codes.narrow(1, 0, 2).div(tensor(new[] { (float)_weights[0], (float)_weights[1] }, device: codes.device));
        Tensor growth = codes.narrow(1, 2, 2).div(tensor(new[] { (float)_weights[2], (float)_weights[3] }, device: codes.device));
        growth = double.IsFinite(_clip) ? growth.clamp(max: (float)_clip) : growth;
        Tensor centre = shift.mul(size).add(corner.add(size.mul(0.5)));
        Tensor half = growth.exp().mul(size).mul(0.5);
        return cat([centre.sub(half), centre.add(half)], 1).MoveToOuterDisposeScope();
    }
}
