using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Criteria;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models;

/// <summary>
/// The whole pipeline: image → transform → backbone → stage 1 (proposals) → stage 2 (regions) → results. Ren et al. 2015, Fig. 2.
/// Images are uint8 [H,W,3] RGB or float32 [3,H,W] in [0,1], each of its own size.
/// Parameters are named as in torchvision, so its checkpoints load with <c>load_state_dict</c>.
/// </summary>
public sealed class TwoStageDetector : Module, IDetector
{
    /// <summary>Where learnt weights of the loss parts are in the state dictionary.</summary>
    internal const string LossWeightsPart = "loss_weights";

    private readonly Backbone backbone;
    private readonly RegionProposalNetwork? rpn;
    private readonly RegionHeads roi_heads;

    internal TwoStageDetector(
        DetectorConfig config, InputTransform transform, Backbone backbone, RegionProposalNetwork? rpn, RegionHeads regions, DetectionOutput output)
        : base(nameof(TwoStageDetector))
    {
        (Config, Transform, Output) = (config, transform, output);
        (this.backbone, this.rpn, roi_heads) = (backbone, rpn, regions);
        RegisterComponents();
        if (config.LossWeighting == "uncertainty")
        {
            string[] first = rpn is null ? [] : ["loss_objectness", "loss_rpn_box_reg"], last = regions.Mask is null ? [] : ["loss_mask"];
            Weights = new UncertaintyWeights([.. first, "loss_classifier", "loss_box_reg", .. last]);
            register_module(LossWeightsPart, Weights);
        }
    }

    public DetectorConfig Config { get; }

    public InputTransform Transform { get; }

    public Backbone Backbone => backbone;

    /// <exception cref="InvalidOperationException">The detector takes proposals from outside.</exception>
    public RegionProposalNetwork Rpn => rpn ?? throw new InvalidOperationException($"{Config.Assembly} has no proposal network");

    public RegionHeads Regions => roi_heads;

    public DetectionOutput Output { get; }

    public bool HasMasks => roi_heads.Mask is not null;

    /// <summary>Where its parameters are, and all tensors between the input and the detections.</summary>
    public Device Device => ComputeDevice.Holder(this);

    /// <summary>Learnt weights of the loss parts, or null where they are fixed.</summary>
    public UncertaintyWeights? Weights { get; }

    IReadOnlyList<Detections> IDetector.Detect(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external) => Detect(images, external);

    /// <summary>What is in the images, in their own pixels, by falling score, on the CPU. Works the same in training and evaluation mode, without gradients.</summary>
    /// <param name="images">uint8 [H,W,3] or float32 [3,H,W] each.</param>
    /// <param name="external">Proposals from outside, [P,4] float32 for each image in its pixels; null lets the proposal network propose.</param>
    /// <param name="scale">Multiplies the side limits of the input.</param>
    /// <exception cref="ArgumentException">No proposals, and no proposal network to make them.</exception>
    public IReadOnlyList<Detections> Detect(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external = null, double scale = 1)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        ImageBatch batch = Transform.Batch(images, scale, Device);
        IReadOnlyList<Tensor> maps = backbone.call(batch.Pixels);
        IReadOnlyList<Tensor> proposals = Propose(rpn?.call(maps), external, batch, train: false);
        RegionPrediction regions = roi_heads.Predict(maps, proposals, batch);
        IReadOnlyList<Detections> detections = Output.Run(regions, proposals, batch);
        if (roi_heads.Mask is { } mask)
        {
            detections = mask.Segment(roi_heads.Pooled(maps), detections, batch);
        }

        return [.. detections.Select((d, i) => new Detections(Transform.ToImage(d.Boxes, batch, i), d.Scores.cpu(), d.Labels.cpu(), d.Masks?.cpu()).MoveToOuterScope())];
    }

    /// <summary>
    /// The losses of one training step: loss_objectness, loss_rpn_box_reg, loss_classifier, loss_box_reg and, with a mask branch, loss_mask.
    /// An image without objects is all background. <paramref name="random"/> draws the samples; null takes the first ones in index order.
    /// Regions are sampled from the targets' own proposals where they have them, else from the proposal network's.
    /// </summary>
    /// <param name="stages">Whose losses.</param>
    /// <exception cref="ArgumentException">Not one target for each image, a label outside 1..C, or no masks where there is a mask branch.</exception>
    public LossParts Losses(IReadOnlyList<Tensor> images, IReadOnlyList<Target> targets, RandomStream? random, Stages stages = Stages.Both)
    {
        TargetCheck.Run(images, targets, Config.Classes, masks: roi_heads.Mask is not null);
        using var scope = NewDisposeScope();
        ImageBatch batch = Transform.TrainingBatch(images, training ? random : null, Device);
        IReadOnlyList<Tensor> boxes = [.. targets.Select((t, i) => Transform.ToBatch(t.Boxes, batch, i))];
        IReadOnlyList<Tensor> maps = backbone.call(batch.Pixels);
        RpnPrediction? prediction = rpn?.call(maps);
        var losses = new LossParts();
        if (prediction is not null && stages.HasFlag(Stages.Proposals))
        {
            rpn!.AddLosses(losses, prediction, batch, boxes, random);
        }

        if (stages.HasFlag(Stages.Regions))
        {
            IReadOnlyList<Tensor>? external = targets.All(t => t.Proposals is not null) ? [.. targets.Select(t => t.Proposals!)] : null;
            IReadOnlyList<Tensor> proposals = Propose(prediction, external, batch, train: true);
            RegionSamples samples = roi_heads.Sample(proposals, boxes, [.. targets.Select(t => t.Labels)], random);
            samples = roi_heads.Hardest(samples, maps, batch);
            roi_heads.AddLosses(losses, roi_heads.Predict(maps, samples.Boxes, batch), samples);
            roi_heads.Mask?.AddLoss(losses, roi_heads.Pooled(maps), samples, InputTransform.ScaleMasks(targets, batch), batch);
        }

        return (Weights?.Apply(losses) ?? losses).MoveToOuterScope();
    }

    /// <summary>What stage 1 proposes, [P,4] float32 for each image in its own pixels, the best first, on the CPU. Without gradients.</summary>
    /// <param name="train">The limits for training, else those for testing.</param>
    /// <exception cref="InvalidOperationException">There is no proposal network.</exception>
    public IReadOnlyList<Tensor> ProposeRegions(IReadOnlyList<Tensor> images, bool train)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        ImageBatch batch = Transform.Batch(images, device: Device);
        IReadOnlyList<Tensor> proposals = Rpn.Propose(Rpn.call(backbone.call(batch.Pixels)), batch, train);
        return [.. proposals.Select((p, i) => Transform.ToImage(p, batch, i).MoveToOuterDisposeScope())];
    }

    private IReadOnlyList<Tensor> Propose(
        RpnPrediction? prediction, IReadOnlyList<Tensor>? external, ImageBatch batch, bool train)
    {
        if (external is not null && external.Count == batch.Sizes.Count)
        {
            return [.. external.Select((boxes, i) => Transform.ToBatch(boxes, batch, i))];
        }

        return prediction is null ? throw NoProposals(batch.Sizes.Count, external) : rpn!.Propose(prediction, batch, train);
    }

    /// <summary>Not one list of proposals for each image, and nothing to make them with.</summary>
    internal ArgumentException NoProposals(int images, IReadOnlyList<Tensor>? external) =>
        new($"proposals of {images} images expected for {Config.Assembly}, got {(external is null ? "none" : $"those of {external.Count}")}", nameof(external));
}
