using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Criteria;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Models.Criteria;

public sealed class CriterionTests
{
    private static readonly double[] Weights = [10, 10, 5, 5];

    [Fact]
    public void CrossEntropy_IsTorchs_ToTheBit()
    {
        var random = new RandomStream(1);
        Tensor logits = tensor([.. Enumerable.Range(0, 40).Select(_ => (float)random.NextGaussian())], [8, 5]);
        Tensor labels = tensor(new long[] { 0, 1, 2, 3, 4, 0, 0, 2 });
        var plain = new ClassCriterion(new());
        Assert.Equal(F.cross_entropy(logits, labels).item<float>(), plain.Classes(logits, labels, 5).item<float>());
        Tensor binary = labels.gt(0).to(float32);
        Assert.Equal(F.binary_cross_entropy_with_logits(logits.select(1, 0), binary).item<float>(), plain.Objectness(logits.select(1, 0), binary, 5).item<float>());
    }

    [Fact]
    public void Focal_IsSummedOverTheForegroundsNumber()
    {
        // All logits 0: p = 1/4 with softmax over four, 1/2 with sigmoid; two of three are foreground.
        Tensor labels = tensor(new long[] { 0, 1, 3 });
        double softmax = 0.5625 * Math.Log(4), sigmoid = 0.25 * Math.Log(2);
        var config = new ClassLossConfig { FocalAlpha = 0.25 };
        Assert.Equal((0.75 + 2 * 0.25) * softmax / 2, new ClassCriterion(config with { Kind = "focal-softmax" }).Classes(zeros([3, 4]), labels, 2).item<float>(), 1e-6);
        // Nine yes-or-no answers, two of them yes.
        Assert.Equal((7 * 0.75 + 2 * 0.25) * sigmoid / 2, new ClassCriterion(config with { Kind = "focal-sigmoid" }).Classes(zeros([3, 4]), labels, 2).item<float>(), 1e-6);
        Assert.Equal((0.75 + 2 * 0.25) * sigmoid / 2,
            new ClassCriterion(config with { Kind = "focal-sigmoid" }).Objectness(zeros([3]), labels.gt(0).to(float32), 2).item<float>(), 1e-6);
    }

    [Fact]
    public void SigmoidFocal_LeavesTheBackgroundLogitAlone()
    {
        Tensor logits = ones([2, 3]).requires_grad_(true);
        new ClassCriterion(new() { Kind = "focal-sigmoid" }).Classes(logits, tensor(new long[] { 0, 2 }), 1).backward();
        float[] gradient = TinyDetector.Floats(logits.grad!);
        Assert.Equal((0f, 0f), (gradient[0], gradient[3]));
        Assert.True(gradient[1] > 0 && gradient[2] > 0 && gradient[4] > 0 && gradient[5] < 0);
    }

    [Theory]
    [InlineData("smooth-l1")]
    [InlineData("l1")]
    [InlineData("balanced-l1")]
    [InlineData("giou")]
    [InlineData("diou")]
    [InlineData("ciou")]
    public void BoxKinds_RowsAddUp_TruthCostsNothing_AndDescentLeadsThere(string kind)
    {
        var random = new RandomStream(4);
        float[] corners = [.. Enumerable.Range(0, 6).SelectMany(i => new[] { 5f * i, 3f * i, 5f * i + 20 + i, 3f * i + 30 - i })];
        Tensor boxes = tensor(corners, [6, 4]), targets = tensor([.. Enumerable.Range(0, 24).Select(_ => (float)random.NextGaussian())], [6, 4]);
        var criterion = new BoxCriterion(new() { Kind = kind }, Weights);
        Assert.Equal(0, criterion.Sum(targets, targets, boxes).item<float>(), 1e-4);
        var codes = new TorchSharp.Modules.Parameter(zeros([6, 4]));
        Tensor rows = criterion.Rows(codes, targets, boxes);
        Assert.Equal([6L], rows.shape);
        float start = criterion.Sum(codes, targets, boxes).item<float>();
        Assert.Equal(rows.sum().item<float>(), start, 1e-4);
        using var optimizer = optim.AdamW([codes], 0.05);
        for (int i = 0; i < 150; i++)
        {
            optimizer.zero_grad();
            criterion.Sum(codes, targets, boxes).backward();
            optimizer.step();
        }

        Assert.True(criterion.Sum(codes, targets, boxes).item<float>() < 0.1 * start);
    }

    [Theory]
    [InlineData("giou")]
    [InlineData("diou")]
    [InlineData("ciou")]
    public void OverlapLoss_IsThatOfTheDecodedBoxes_WithTheGradientOfItsFiniteDifferences(string kind)
    {
        // Sides 20 × 30; codes of the RoI coder; the far growth is above the limit and has no gradient.
        Tensor boxes = tensor(new float[] { 10, 10, 30, 40, 0, 0, 20, 30 }, [2, 4]);
        float[] start = [1.5f, -2, 0.8f, -0.6f, 0.5f, 1, 30, 0.4f];
        Tensor targets = tensor(new float[] { -1, 0.5f, 0.2f, 0.3f, 1, -1, 0.5f, 0 }, [2, 4]);
        var criterion = new BoxCriterion(new() { Kind = kind }, Weights);
        var coder = new BoxCoder(Weights);
        double Value(float[] c)
        {
            Tensor a = coder.Decode(tensor(c, [2, 4]), boxes).squeeze(1), b = coder.Decode(targets, boxes).squeeze(1);
            return (kind == "giou" ? BoxLosses.Generalized(a, b, Reduction.Sum) : kind == "diou" ? BoxLosses.Distance(a, b, Reduction.Sum) : BoxLosses.Complete(a, b, Reduction.Sum)).item<float>();
        }

        Tensor codes = tensor(start, [2, 4]).requires_grad_(true);
        Tensor loss = criterion.Sum(codes, targets, boxes);
        loss.backward();
        Assert.Equal(Value(start), loss.item<float>(), 1e-5);
        float[] gradient = TinyDetector.Floats(codes.grad!);
        Assert.Equal(0, gradient[6]);
        // CIoU's α is a constant in the gradient, so that its finite differences say something else.
        for (int i = 0; kind != "ciou" && i < 8; i++)
        {
            float[] up = [.. start], down = [.. start];
            (up[i], down[i]) = (up[i] + 0.01f, down[i] - 0.01f);
            Assert.Equal((Value(up) - Value(down)) / (up[i] - down[i]), gradient[i], 2e-3);
        }
    }

    /// <summary>
    /// py-faster-rcnn's boxes: sides x2 − x1 + 1 in the codes both ways, so that prediction and target end at the far edge of their last pixel. GIoU by its formula in double; the gradient by
    /// finite differences of the same.
    /// </summary>
    [Theory]
    [InlineData("half-open", 1000.0 / 16)]
    [InlineData("inclusive", 1000.0 / 16)]
    [InlineData("inclusive", 2.0)]
    [InlineData("inclusive", null)]
    public void GeneralizedIouLoss_OfTheExtentAndTheLimit_IsTheFormula(string extent, double? maxGrowth)
    {
        double extra = extent == "inclusive" ? 1 : 0;
        double[] box = [10, 12, 17, 15], code = [1.5, -1, 4, 0.5], target = [-1, 2, 1, 0.8];
        double[] Decode(double[] c)
        {
            double w = box[2] - box[0] + extra, h = box[3] - box[1] + extra, most = maxGrowth is { } g ? Math.Log(g) : double.PositiveInfinity;
            double x = box[0] + (w / 2) + (c[0] / Weights[0] * w), y = box[1] + (h / 2) + (c[1] / Weights[1] * h);
            double halfWidth = w * Math.Exp(Math.Min(c[2] / Weights[2], most)) / 2, halfHeight = h * Math.Exp(Math.Min(c[3] / Weights[3], most)) / 2;
            return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
        }

        double Loss(double[] c)
        {
            double[] a = Decode(c), b = Decode(target);
            double Side(int i) => Math.Max(0, Math.Min(a[i + 2], b[i + 2]) - Math.Max(a[i], b[i]));
            double Hull(int i) => Math.Max(a[i + 2], b[i + 2]) - Math.Min(a[i], b[i]);
            double both = Side(0) * Side(1), union = ((a[2] - a[0]) * (a[3] - a[1])) + ((b[2] - b[0]) * (b[3] - b[1])) - both, hull = Hull(0) * Hull(1);
            return 1 - (both / union) + ((hull - union) / hull);
        }

        var criterion = new BoxCriterion(new() { Kind = "giou" }, Weights, maxGrowth, BoxSettings.Extent("boxExtent", extent));
        Tensor codes = tensor([.. code.Select(v => (float)v)], [1, 4]).requires_grad_(true);
        Tensor loss = criterion.Sum(codes, tensor([.. target.Select(v => (float)v)], [1, 4]), tensor([.. box.Select(v => (float)v)], [1, 4]));
        loss.backward();
        Assert.Equal(Loss(code), loss.item<float>(), 1e-5);
        float[] gradient = TinyDetector.Floats(codes.grad!);
        for (int i = 0; i < 4; i++)
        {
            double[] up = [.. code], down = [.. code];
            (up[i], down[i]) = (up[i] + 1e-5, down[i] - 1e-5);
            Assert.Equal((Loss(up) - Loss(down)) / 2e-5, gradient[i], 1e-4);
        }
    }

    /// <summary>Both stages hand their extent to the loss: a box that is what it should be costs nothing, and one that is a pixel too small does.</summary>
    [Fact]
    public void OverlapLossOfStage1_MeasuresAsTheStageDoes()
    {
        using var scope = NewDisposeScope();
        float Loss(string extent)
        {
            var config = new RpnConfig { Anchors = new() { Sizes = [[16]], AspectRatios = [1] }, BoxExtent = extent, BoxLoss = new() { Kind = "giou" } };
            using var rpn = new RegionProposalNetwork(config, ["0"], 4);
            var losses = new LossParts();
            var batch = new ImageBatch(zeros([1, 3, 48, 48]), [new ImageSize(48, 48)], [new ImageSize(48, 48)]);
            rpn.AddLosses(losses, new RpnPrediction([zeros([1, 1, 3, 3])], [zeros([1, 4, 3, 3])]), batch, [tensor(new float[] { 8, 8, 23, 23 }, [1, 4])], null);
            return losses.Parts.Single(p => p.Name == "loss_rpn_box_reg").Value.item<float>();
        }

        // The anchor (8,8,24,24) against the object (8,8,23,23) over 9 samples: 1 − 225/256 half-open, 1 − 256/289 inclusive; the objects lie within the anchor.
        Assert.Equal((1 - (225.0 / 256)) / 9, Loss("half-open"), 1e-6);
        Assert.Equal((1 - (256.0 / 289)) / 9, Loss("inclusive"), 1e-6);
    }

    [Fact]
    public void Normalizer_IsTheSampleTheForegroundOrTheWholeBatch()
    {
        Assert.Equal(64, new BoxCriterion(new(), Weights).Divisor(5, 64, 128));
        Assert.Equal(5, new BoxCriterion(new() { Normalizer = "foreground" }, Weights).Divisor(5, 64, 128));
        Assert.Equal(1, new BoxCriterion(new() { Normalizer = "foreground" }, Weights).Divisor(0, 64, 128));
        Assert.Equal(128, new BoxCriterion(new() { Normalizer = "batch" }, Weights).Divisor(5, 64, 128));
    }

    [Fact]
    public void UncertaintyWeights_StartAtTheLoss_AndLearnItsInverse()
    {
        var weights = new UncertaintyWeights(["loss_classifier", "loss_box_reg"]);
        LossParts Parts()
        {
            var parts = new LossParts();
            parts.Add("loss_classifier", tensor(4f));
            parts.Add("loss_box_reg", tensor(0.3f));
            return parts;
        }

        LossParts first = weights.Apply(Parts());
        Assert.Equal([4f, 0.15f], first.Parts.Select(p => p.Value.item<float>()));
        using var optimizer = optim.SGD(weights.parameters(), 0.1);
        for (int i = 0; i < 600; i++)
        {
            optimizer.zero_grad();
            weights.Apply(Parts()).Total().backward();
            optimizer.step();
        }

        // d/ds (e^-s L + s/2) = 0 at s = ln 2L; d/ds (½ e^-s L + s/2) = 0 at s = ln L.
        float[] s = TinyDetector.Floats(weights.parameters().First());
        Assert.Equal(Math.Log(8), s[0], 1e-3);
        Assert.Equal(Math.Log(0.3), s[1], 1e-3);
        var unknown = new LossParts();
        unknown.Add("loss_mask", tensor(1f));
        Assert.Contains("expected, got loss_mask", Assert.Throws<ArgumentException>(() => weights.Apply(unknown)).Message);
    }
}
