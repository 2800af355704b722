using Rcnn.Ops;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>
/// The third branch of Mask R-CNN: regions pooled to P×P from the level of their size, a mask of 2P×2P cells for each class. Trained on the
/// sampled foreground, applied to the final boxes. He et al. 2017, §3.
/// </summary>
public sealed class MaskBranch
{
    private readonly RoiConfig _regions;
    private readonly MaskConfig _config;
    private readonly MultiScaleRoiPooling _pool;

    /// <exception cref="RcnnException">A setting out of range.</exception>
    public MaskBranch(RoiConfig config, int classes, int channels)
    {
        (_regions, _config) = (config, config.Mask);
        if (_config.Activation is not ("sigmoid" or "softmax"))
        {
            throw RcnnException.Usage($"model.roi.mask.activation: sigmoid or softmax expected, got '{_config.Activation}'");
        }

        if (_config.PoolSize < 1 || _config.Width < 1 || _config.Layers.Any(l => l < 1))
        {
            throw RcnnException.Usage(
                $"model.roi.mask: poolSize, width and layers of 1 or more expected, got {_config.PoolSize}, {_config.Width}, [{string.Join(",", _config.Layers)}]");
        }

        _pool = RegionPooling.Create(config, _config.PoolSize);
        Head = new MaskHead(_config, channels);
        Predictor = new MaskPredictor(Head.Channels, _config.Width, classes);
    }

    internal MaskHead Head { get; }

    internal MaskPredictor Predictor { get; }

    /// <summary>[ΣR,classes,M,M] logits for <paramref name="boxes"/>, [R,4] for each image in pixels of the batch. <paramref name="maps"/>: the levels pooled from.</summary>
    public Tensor Predict(IReadOnlyList<Tensor> maps, IReadOnlyList<Tensor> boxes, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor regions = _pool.Apply(maps, boxes, RegionPooling.Sizes(_regions, batch), channelsLastOutput: false);
        return FullPrecision.Of(Predictor.call(Head.call(regions))).MoveToOuterDisposeScope();
    }

    /// <summary>The detections with the mask of each one's class, [N,1,M,M] float32 in [0,1]. Boxes are in pixels of the batch.</summary>
    public IReadOnlyList<Detections> Segment(IReadOnlyList<Tensor> maps, IReadOnlyList<Detections> detections, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        long side = 2L * _config.PoolSize;
        if (detections.All(d => d.Count == 0))
        {
            return [.. detections.Select(d => d with { Masks = zeros([0, 1, side, side], device: d.Boxes.device).MoveToOuterDisposeScope() })];
        }

        Tensor labels = cat([.. detections.Select(d => d.Labels)], 0);
        Tensor logits = Predict(maps, [.. detections.Select(d => d.Boxes)], batch);
        Tensor own = _config.Activation == "softmax"
            ? OfClass(logits.softmax(1), labels)
            : OfClass(logits, labels).sigmoid();
        var result = new Detections[detections.Count];
        long at = 0;
        for (int i = 0; i < result.Length; i++)
        {
            int count = detections[i].Count;
            result[i] = detections[i] with { Masks = own.narrow(0, at, count).unsqueeze(1).clone().MoveToOuterDisposeScope() };
            at += count;
        }

        return result;
    }

    /// <summary>
    /// loss_mask over the foreground of <paramref name="samples"/>: binary cross-entropy of its own class's mask, mean over the cells; with softmax,
    /// cross-entropy between that class and the background. 0 without foreground.
    /// </summary>
    /// <param name="masks">Of each image [N,H,W] uint8 in the resized image's pixels.</param>
    public void AddLoss(LossParts losses, IReadOnlyList<Tensor> maps, RegionSamples samples, IReadOnlyList<Tensor> masks, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        Tensor loss;
        if (samples.Foreground.shape[0] == 0)
        {
            // Still a function of the branch, so that its gradients exist and are 0.
            loss = Head.parameters().Concat(Predictor.parameters()).Select(p => p.sum().mul(0)).Aggregate((a, b) => a.add(b));
        }
        else
        {
            Tensor logits = Predict(maps, samples.ForegroundBoxes, batch);
            Tensor targets = cat(
                [.. masks.Select((m, i) => MaskTargets.Of(m.cpu(), samples.ForegroundBoxes[i].cpu(), samples.ForegroundObjects[i].cpu(), (int)logits.shape[^1]))], 0).to(logits.device);
            loss = _config.Activation == "softmax" ? Softmax(logits, samples.ForegroundLabels, targets)
                : F.binary_cross_entropy_with_logits(OfClass(logits, samples.ForegroundLabels), targets);
        }

        losses.Add("loss_mask", (_config.LossWeight == 1 ? loss : loss.mul(_config.LossWeight)).MoveToOuterDisposeScope());
    }

    private static Tensor Softmax(Tensor logits, Tensor labels, Tensor targets)
    {
        Tensor log = logits.log_softmax(1);
        Tensor background = log.select(1, 0);
        return targets.mul(OfClass(log, labels)).add(targets.mul(-1).add(1).mul(background)).mean().neg();
    }

    // [R,classes,M,M] to [R,M,M].
    private static Tensor OfClass(Tensor values, Tensor labels)
    {
        long rows = values.shape[0], classes = values.shape[1];
        return values.flatten(0, 1).index_select(0, arange(rows, ScalarType.Int64, values.device).mul(classes).add(labels));
    }
}
