using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>What stage 2 says about each region, all images one after the other.</summary>
/// <param name="Logits">[R,C+1] float32, class 0 is background, before the softmax.</param>
/// <param name="Deltas">[R,4·(C+1)] float32: (dx,dy,dw,dh) for class 0, for class 1, …; [R,4] for all classes where they share a box</param>
public sealed record RegionPrediction(Tensor Logits, Tensor Deltas);

/// <summary>One linear layer for the classes and one for a box of each class, or one of all: [R,width] to logits and deltas. Girshick 2015, §2.1.</summary>
public sealed class BoxPredictor : Module<Tensor, RegionPrediction>
{
    private readonly Linear cls_score;
    private readonly Linear bbox_pred;

    public BoxPredictor(long width, long classes, bool agnostic = false)
        : base(nameof(BoxPredictor))
    {
        cls_score = Linear(width, classes);
        bbox_pred = Linear(width, agnostic ? 4 : classes * 4);
        RegisterComponents();
    }

    public override RegionPrediction forward(Tensor input) => new(cls_score.call(input), bbox_pred.call(input));
}
