using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models.Criteria;

/// <summary>Which of sixteen anchors stage 1 learns from: square ones of 32 pixels at a stride of 16 in an image of 64, seen in the gradient of their logits.</summary>
public sealed class AnchorSampleTests
{
    // Anchor k has its centre at (16·(k % 4), 16·(k / 4)): only 5, 6, 7, 9, … whose centre is 16 to 48 in both lie inside.
    private static readonly int[] Inside = [5, 6, 7, 9, 10, 11, 13, 14, 15];

    [Fact]
    public void All_TrainsEveryAnchorButThoseBetweenTheThresholds()
    {
        // The object is anchor 10; of IoU 1/3 with its four neighbours, which are thereby neither.
        float[] gradient = Gradient(new() { Sampler = "all" }, new float[16]);
        Assert.Equal([10], Where(gradient, g => g < 0));
        Assert.Equal(Enumerable.Range(0, 16).Except([10, 6, 9, 11, 14]), Where(gradient, g => g > 0));
    }

    [Fact]
    public void DropOutsideAnchors_TrainsOnlyThoseInside()
    {
        float[] gradient = Gradient(new() { Sampler = "all", DropOutsideAnchors = true }, new float[16]);
        Assert.Equal([10], Where(gradient, g => g < 0));
        Assert.Equal([5, 7, 13, 15], Where(gradient, g => g > 0));
        Assert.All(Where(gradient, g => g != 0), k => Assert.Contains(k, Inside));
    }

    [Fact]
    public void DropOutsideAnchors_GivesAnObjectTheBestOfTheOthers()
    {
        // At the corner the best anchor leaves the image; of those inside it is anchor 5.
        float[] kept = Gradient(new() { Sampler = "all" }, new float[16], [0, 0, 16, 16]), dropped = Gradient(new() { Sampler = "all", DropOutsideAnchors = true }, new float[16], [0, 0, 16, 16]);
        Assert.Contains(0, Where(kept, g => g < 0));
        Assert.Equal([5], Where(dropped, g => g < 0));
    }

    [Fact]
    public void Ohem_FillsUpWithTheBackgroundOfHighestLogit()
    {
        float[] logits = [.. Enumerable.Range(0, 16).Select(k => k is 3 or 8 or 12 ? 2f : k == 6 ? 9f : -1f)];
        // Anchor 6 is neither, however high; of the equal ones at -1 none is needed.
        float[] gradient = Gradient(new() { ClassLoss = new() { Kind = "ohem" }, BatchPerImage = 4 }, logits);
        Assert.Equal([3, 8, 10, 12], Where(gradient, g => g != 0));
        // Mean cross-entropy over four: (σ(x) − t)/4.
        Assert.Equal(1 / (1 + Math.Exp(-2)) / 4, gradient[3], 1e-6);
        Assert.Equal((1 / (1 + Math.E) - 1) / 4, gradient[10], 1e-6);
    }

    [Fact]
    public void Focal_IsDividedByTheForeground()
    {
        // At logit 0 with γ = 0 and α = 1/4: ¾·σ for each of the background and −¼·σ for the foreground, over one foreground anchor.
        float[] gradient = Gradient(new() { Sampler = "all", ClassLoss = new() { Kind = "focal-sigmoid", FocalGamma = 0 } }, new float[16]);
        Assert.Equal(0.75 * 0.5, gradient[0], 1e-6);
        Assert.Equal(-0.25 * 0.5, gradient[10], 1e-6);
    }

    private static int[] Where(float[] values, Func<float, bool> wanted) => [.. Enumerable.Range(0, values.Length).Where(i => wanted(values[i]))];

    private static float[] Gradient(RpnConfig config, float[] logits, float[]? box = null)
    {
        using var scope = NewDisposeScope();
        var rpn = new RegionProposalNetwork(config with { Anchors = new() { Sizes = [[32]], AspectRatios = [1] } }, ["0"], 8);
        Tensor map = tensor(logits, [1, 1, 4, 4]).requires_grad_(true);
        var batch = new ImageBatch(zeros([1, 3, 64, 64]), [new(64, 64)], [new(64, 64)]);
        var losses = new LossParts();
        rpn.AddLosses(losses, new RpnPrediction([map], [zeros([1, 4, 4, 4])]), batch, [tensor(box ?? [16, 16, 48, 48], [1, 4])], new RandomStream(0));
        losses.Parts[0].Value.backward();
        return TinyDetector.Floats(map.grad!.flatten());
    }
}
