using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Core.Training;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

/// <summary>Constants of the papers that are settings: each acts.</summary>
public sealed class StageConstantTests
{
    // A map of 3×3 cells, 16 pixels apart; the middle anchor is (8, 8, 24, 24).
    private static readonly RpnConfig OneAnchor = new() { Anchors = new() { Sizes = [[16]], AspectRatios = [1] }, BoxLoss = new() { Kind = "l1" } };

    /// <summary>The object is 2 pixels to the right of its anchor of 16: dx = w·2/16, over 9 samples.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void RpnBoxWeights_ScaleTheTargets(double weight) =>
        Assert.Equal(weight * 2 / 16 / 9, Losses(OneAnchor with { BoxWeights = [weight, 1, 1, 1] }, [10, 8, 26, 24]).Box, 1e-6);

    /// <summary>A proposal from codes of 1 moves by a tenth of the anchor's side where the weight is 10.</summary>
    [Fact]
    public void RpnBoxWeights_ScaleTheProposals()
    {
        using var scope = NewDisposeScope();
        using var rpn = new RegionProposalNetwork(OneAnchor with { BoxWeights = [10, 10, 5, 5], ScoreThreshold = 0.1 }, ["0"], 4);
        Tensor logits = full([1, 1, 3, 3], -30, ScalarType.Float32), codes = zeros([1, 4, 3, 3]);
        logits[0, 0, 1, 1] = tensor(1f);
        codes[0, 0, 1, 1] = tensor(1f);
        float[] box = TinyDetector.Floats(rpn.Propose(new RpnPrediction([logits], [codes]), Batch(), train: false)[0]);
        Assert.Equal([9.6f, 8, 25.6f, 24], box.Select(v => MathF.Round(v, 4)));
    }

    /// <summary>An object of 6 pixels overlaps its best anchor by 36/256: rescued or not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LowQualityMatches_RescueTheBestAnchorOfAnObject(bool rescue) =>
        Assert.Equal(rescue, Losses(OneAnchor with { LowQualityMatches = rescue }, [12, 12, 18, 18]).Box > 0);

    /// <summary>The one proposal misses the object, so that the only foreground is the object itself.</summary>
    [Theory]
    [InlineData(true, 2, 1)]
    [InlineData(false, 1, 0)]
    public void AppendObjects_PutsThemAmongTheRegions(bool append, long regions, long foreground)
    {
        using var scope = NewDisposeScope();
        var config = new RoiConfig { AppendObjects = append, PoolSize = 2, HeadWidth = 4 };
        using var heads = new RegionHeads(config, 3, ["0"], 4, new BoxHead(4, 2, 4));
        RegionSamples samples = heads.Sample([tensor(new float[] { 30, 30, 40, 40 }, [1, 4])], [tensor(new float[] { 0, 0, 10, 10 }, [1, 4])], [tensor(new long[] { 2 })], null);
        Assert.Equal(regions, samples.Labels.shape[0]);
        Assert.Equal(foreground, samples.Foreground.shape[0]);
    }

    /// <summary>Neither proposals nor objects: losses of 0 whose gradients exist.</summary>
    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("ohem")]
    public void Losses_OfNoRegionAtAll_AreZero(string kind)
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = ConfigOverrides.Apply(TinyDetector.SingleMap with { Assembly = "fast-rcnn" }, ["roi.appendObjects=false", "roi.classLoss.kind=" + kind]);
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        (Tensor image, Target target) = TinyDetector.Scene(0);
        LossParts losses = detector.Losses([image], [target with { Proposals = zeros([0, 4]) }], new RandomStream(0));
        Assert.All(losses.Parts, p => Assert.Equal(0, p.Value.item<float>()));
        losses.Total().backward();
        Assert.All(detector.Regions.parameters(), p => Assert.All(TinyDetector.Floats(p.grad!), v => Assert.Equal(0, v)));
    }

    /// <summary>Running mean after one batch: momentum times the batch's mean, as it began at 0.</summary>
    [Theory]
    [InlineData("mobilenet_v2", null, 0.1)]
    [InlineData("mobilenet_v3_small", null, 0.01)]
    [InlineData("mobilenet_v3_small", 0.5, 0.5)]
    [InlineData("resnet18", 0.25, 0.25)]
    public void NormMomentum_IsTheWeightOfTheBatch(string name, double? momentum, double expected)
    {
        using var scope = NewDisposeScope();
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = name, Norm = "bn", NormMomentum = momentum, Fpn = false });
        Conv2d convolution = backbone.modules().OfType<Conv2d>().First();
        BatchNorm2d norm = backbone.modules().OfType<BatchNorm2d>().First();
        var random = new RandomStream(1);
        Tensor image = tensor([.. Enumerable.Range(0, 3 * 32 * 32).Select(_ => (float)random.NextGaussian())], [1, 3, 32, 32]);
        using IDisposable off = no_grad();
        float[] mean = TinyDetector.Floats(convolution.call(image).mean([0, 2, 3]));
        backbone.train();
        backbone.call(image);
        Assert.All(mean.Zip(TinyDetector.Floats(norm.running_mean!)), p => Assert.Equal(expected * p.First, p.Second, 1e-5));
    }

    /// <summary>Layers that pass on ones: half of the outputs is left out of a training step and the others are doubled; elsewhere all stay.</summary>
    [Fact]
    public void Dropout_LeavesOutItsPart_InTrainingStepsOnly()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using var head = new BoxHead(1, 1, 4000, 0.5);
        using (no_grad())
        {
            Dictionary<string, Tensor> state = head.state_dict();
            state["fc6.weight"].fill_(0);
            state["fc6.bias"].fill_(1);
            state["fc7.weight"].fill_(0);
            state["fc7.bias"].fill_(1);
        }

        Tensor region = ones([1, 1, 1, 1]);
        head.train();
        float[] step = TinyDetector.Floats(head.call(region));
        Assert.All(step, v => Assert.True(v is 0 or 2));
        Assert.InRange(step.Count(v => v == 0), 1850, 2150);
        using (no_grad())
        {
            Assert.All(TinyDetector.Floats(head.call(region)), v => Assert.Equal(1, v));
        }

        head.eval();
        Assert.All(TinyDetector.Floats(head.call(region)), v => Assert.Equal(1, v));
    }

    [Theory]
    [InlineData("conv-fc", "faster-rcnn-fpn", "model.roi.dropout=0.5: expected 0 with model.roi.head=conv-fc, as fc alone has the layers")]
    [InlineData("fc", "rcnn", "model.roi.dropout=0.5: expected 0 with rcnn, whose layers have a dropout of their own")]
    public void Dropout_WhereThereAreNoSuchLayers_IsRefused(string head, string assembly, string message)
    {
        var config = new DetectorConfig { Assembly = assembly, Roi = new() { Head = head, Dropout = 0.5 } };
        Assert.Equal(message, Assert.Throws<RcnnException>(() => DetectorFactory.Create(config, 0)).Message);
    }

    private static (float Class, float Box) Losses(RpnConfig config, float[] objects)
    {
        using var scope = NewDisposeScope();
        using var rpn = new RegionProposalNetwork(config, ["0"], 4);
        var losses = new LossParts();
        rpn.AddLosses(losses, new RpnPrediction([zeros([1, 1, 3, 3])], [zeros([1, 4, 3, 3])]), Batch(), [tensor(objects, [1, 4])], null);
        return (losses.Parts[0].Value.item<float>(), losses.Parts[1].Value.item<float>());
    }

    private static ImageBatch Batch() => new(zeros([1, 3, 48, 48]), [new ImageSize(48, 48)], [new ImageSize(48, 48)]);
}
