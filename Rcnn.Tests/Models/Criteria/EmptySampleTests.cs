using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Criteria;
using Rcnn.Core.Training;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models.Criteria;

/// <summary>A stage without any sample has losses of 0, with gradients.</summary>
public sealed class EmptySampleTests
{
    [Theory]
    [InlineData("loss_classifier", "rpn.scoreThreshold=0.999")]
    [InlineData("loss_classifier", "rpn.scoreThreshold=0.999", "roi.classLoss.kind=ohem")]
    [InlineData("loss_classifier", "rpn.scoreThreshold=0.999", "roi.classLoss.kind=focal-softmax")]
    [InlineData("loss_classifier", "rpn.scoreThreshold=0.999", "roi.classLoss.kind=focal-sigmoid", "roi.boxLoss.kind=giou")]
    [InlineData("loss_objectness", "rpn.dropOutsideAnchors=true", "rpn.anchors.sizes=[[512],[512],[512],[512],[512]]")]
    [InlineData("loss_objectness", "rpn.dropOutsideAnchors=true", "rpn.anchors.sizes=[[512],[512],[512],[512],[512]]", "rpn.classLoss.kind=focal-sigmoid")]
    public void StageWithoutSamples_CostsNothing_AndHasGradients(string part, params string[] settings)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(ConfigOverrides.Apply(TinyDetector.Mask, settings), 0);
        (Tensor image, Target scene) = TinyDetector.MaskedScene(0);
        Target target = part == "loss_classifier" ? TinyDetector.Empty() with { Masks = zeros([0, 96, 128], ScalarType.Byte) } : scene;
        Check(detector.Losses([image], [target], new RandomStream(0)), detector, part);
    }

    [Fact]
    public void FastRcnn_WithoutProposalsAndObjects_CostsNothing()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.SingleMap with { Assembly = "fast-rcnn" }, 0);
        Check(detector.Losses([TinyDetector.Scene(0).Image], [TinyDetector.Empty() with { Proposals = zeros([0, 4]) }], new RandomStream(0)), detector, "loss_classifier");
    }

    [Fact]
    public void Criteria_WithoutSamples_AreZero_AndDivideByOne()
    {
        using var scope = NewDisposeScope();
        foreach (string kind in new[] { "cross-entropy", "focal-softmax", "focal-sigmoid", "ohem" })
        {
            Tensor logits = zeros([0, 3]).requires_grad_(true), anchors = zeros([0]).requires_grad_(true);
            var criterion = new ClassCriterion(new() { Kind = kind });
            Tensor classes = criterion.Classes(logits, zeros([0], ScalarType.Int64), 0);
            Assert.Equal((0f, true), (classes.item<float>(), classes.requires_grad));
            if (kind != "focal-softmax")
            {
                Tensor objectness = criterion.Objectness(anchors, zeros([0]), 0);
                Assert.Equal((0f, true), (objectness.item<float>(), objectness.requires_grad));
            }
        }

        Assert.Equal(1, new BoxCriterion(new(), [1, 1, 1, 1]).Divisor(0, 0, 64));
    }

    private static void Check(LossParts losses, TwoStageDetector detector, string part)
    {
        Assert.Equal(0, losses.Parts.Single(p => p.Name == part).Value.item<float>());
        Assert.All(losses.Parts, p => Assert.True(float.IsFinite(p.Value.item<float>()), p.Name));
        losses.Total().backward();
        Assert.All(detector.named_parameters().Where(p => p.parameter.grad is not null), p => Assert.All(TinyDetector.Floats(p.parameter.grad!), v => Assert.True(float.IsFinite(v), p.name)));
        string own = part == "loss_classifier" ? "roi_heads.box_predictor." : "rpn.head.cls_logits.";
        Assert.All(detector.named_parameters().Where(p => p.name.StartsWith(own, StringComparison.Ordinal)), p => Assert.NotNull(p.parameter.grad));
    }
}
