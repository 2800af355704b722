using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Models;

public sealed class FeaturePyramidTests
{
    private static readonly int[] _channels = [8, 12, 16];

    /// <summary>Level by level from the weights, by the definition of each switch.</summary>
    [Theory]
    [InlineData(true, true, false, "pool", "0,1,2,pool")]
    [InlineData(true, true, false, "none", "0,1,2")]
    [InlineData(false, true, false, "pool", "0,1,2,pool")]
    [InlineData(true, false, false, "pool", "0,1,2,pool")]
    [InlineData(true, true, true, "pool", "0")]
    [InlineData(true, false, true, "none", "0")]
    [InlineData(false, true, true, "none", "0")]
    [InlineData(true, true, false, "p6", "0,1,2,p6")]
    [InlineData(true, true, false, "p6p7", "0,1,2,p6,p7")]
    public void Forward_WithEachSwitch_EqualsItsDefinition(bool topDown, bool lateral, bool finest, string extra, string levels)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        using var pyramid = new FeaturePyramid(_channels, 32, new PyramidConfig { TopDown = topDown, Lateral = lateral, FinestOnly = finest, Extra = extra });
        Tensor[] maps = [randn(2, 8, 13, 10), randn(2, 12, 7, 5), randn(2, 16, 4, 3)];
        IReadOnlyList<Tensor> result = pyramid.call(maps);
        Assert.Equal(levels.Split(','), pyramid.Levels);
        Assert.Equal(pyramid.Levels.Count, result.Count);
        Dictionary<string, Tensor> weights = pyramid.state_dict();
        Tensor Convolve(Tensor input, string name, int padding, int stride = 1) =>
            F.conv2d(input, weights[name + ".weight"], weights[name + ".bias"], strides: [stride, stride], padding: [padding, padding]);

        Tensor? above = null;
        for (int i = 2; i >= 0; i--)
        {
            Tensor? own = i == 2 || lateral ? (finest && !topDown && i > 0 ? null : Convolve(maps[i], $"inner_blocks.{i}.0", 0)) : null;
            Tensor? from = topDown && above is not null ? F.interpolate(above, size: maps[i].shape[2..], mode: InterpolationMode.Nearest) : null;
            above = own is null ? from : from is null ? own : own.add(from);
            int at = pyramid.Levels.ToList().IndexOf(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (at >= 0)
            {
                Close(Convolve(above!, $"layer_blocks.{i}.0", 1), result[at]);
            }
        }

        switch (extra)
        {
            case "pool" when !finest:
                Close(result[2][TensorIndex.Ellipsis, TensorIndex.Slice(null, null, 2), TensorIndex.Slice(null, null, 2)], result[3]);
                break;
            case "p6" or "p6p7":
                // 16 channels in, 32 out: from the backbone's last map.
                Close(Convolve(maps[2], "extra_blocks.p6", 1, 2), result[3]);
                if (extra == "p6p7")
                {
                    Close(Convolve(F.relu(result[3]), "extra_blocks.p7", 1, 2), result[4]);
                }

                break;
        }

        Assert.Equal(weights.Count, 2 * (levels.Split(',').Count(l => char.IsAsciiDigit(l[0])) + Laterals() + levels.Split(',').Count(l => l[0] == 'p' && l != "pool")));

        int Laterals() => finest && !topDown ? 1 : lateral ? 3 : 1;
    }

    [Theory]
    [InlineData("model.backbone.pyramid.topDown=false")]
    [InlineData("model.backbone.pyramid.lateral=false")]
    [InlineData("model.backbone.pyramid.extra=p6")]
    [InlineData("model.rpn.sharedHead=false")]
    [InlineData("model.roi.canonicalLevel=5")]
    [InlineData("model.roi.canonicalSize=112")]
    [InlineData("model.backbone.pyramid.norm=gn", "model.backbone.fpnChannels=32")]
    [InlineData("model.backbone.pyramid.finestOnly=true", "model.rpn.anchors.sizes=[[8,16,32,64,128]]")]
    [InlineData("model.backbone.pyramid.extra=none", "model.rpn.anchors.sizes=[[8],[16],[32],[64]]")]
    public void Detector_WithOneSwitch_TrainsEveryParameter(params string[] settings)
    {
        using var scope = NewDisposeScope();
        var run = new Rcnn.Core.Training.TrainConfig { Model = TinyDetector.Pyramid };
        using TwoStageDetector detector = DetectorFactory.Create(Rcnn.Core.Training.ConfigOverrides.Apply(run, settings).Model, 0);
        (Tensor Image, Target Target)[] scenes = [TinyDetector.Scene(0), TinyDetector.Scene(9)];
        detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], new Rcnn.Ops.RandomStream(0)).Total().backward();
        string[] untouched = [.. detector.named_parameters().Where(p => p.parameter.grad is null).Select(p => p.name)];
        Assert.Empty(untouched);
    }

    [Fact]
    public void SeparateHeads_AreNamedByLevel_AndStartDifferent()
    {
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid with { Rpn = TinyDetector.Pyramid.Rpn with { SharedHead = false } }, 0);
        Dictionary<string, Tensor> state = detector.state_dict();
        Assert.NotEqual(TinyDetector.Floats(state["rpn.head.0.cls_logits.weight"]), TinyDetector.Floats(state["rpn.head.4.cls_logits.weight"]));
        Assert.DoesNotContain("rpn.head.5.cls_logits.weight", state.Keys);
    }

    [Theory]
    [InlineData("p5", true, true, "'p5'")]
    [InlineData("pool", false, false, "neither")]
    public void Create_WithPartsThatDoNotFit_NamesThem(string extra, bool topDown, bool lateral, string part)
    {
        var config = new PyramidConfig { Extra = extra, TopDown = topDown, Lateral = lateral };
        Assert.Contains(part, Assert.Throws<RcnnException>(() => new FeaturePyramid(_channels, 16, config)).Message, StringComparison.Ordinal);
    }

    /// <summary>Strides and channels of Sandler et al. 2018, Table 2: the first block of a stage halves the map, the last one leads out of it.</summary>
    [Theory]
    [InlineData("mobilenet_v2", null, "first", "2x2,2x2,1x1")]
    [InlineData("mobilenet_v2", 3, "first", "4x4,2x2,2x2,1x1")]
    [InlineData("mobilenet_v2", 3, "last", "8x8,4x4,2x2,1x1")]
    [InlineData("mobilenet_v2", 4, "last", "16x16,8x8,4x4,2x2,1x1")]
    [InlineData("resnet18", 2, "first", "4x4,2x2,1x1")]
    [InlineData("vgg11", 2, "first", "8x8,4x4,2x2")]
    public void Levels_OfTheBackbonesStages_HaveTheirStrides(string backbone, int? stages, string tap, string shapes)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        using Backbone pyramid = BackboneFactory.Create(new BackboneConfig { Name = backbone, FpnChannels = 8, Pyramid = new() { Stages = stages, Tap = tap } });
        Assert.Equal(shapes, string.Join(",", pyramid.call(zeros(1, 3, 64, 64)).Select(m => $"{m.shape[2]}x{m.shape[3]}")));
    }

    [Fact]
    public void Stages_TappedAtTheirEnd_AreTheTrunksMapsThere()
    {
        using MobileNet trunk = MobileNetV2.Create(new BackboneConfig { Name = "mobilenet_v2", Pyramid = new() { Tap = "last" } }, 4, 17);
        Assert.Equal([24, 32, 96, 320], trunk.Channels);
    }

    [Theory]
    [InlineData(6, "first", "pyramid.stages: 1 to 5 expected, got 6")]
    [InlineData(2, "middle", "pyramid.tap: first or last expected, got 'middle'")]
    public void Create_WithStagesThatAreNotThere_NamesThem(int stages, string tap, string message) =>
        Assert.Contains(message, Assert.Throws<RcnnException>(() => BackboneFactory.Create(
            new BackboneConfig { Name = "mobilenet_v2", Pyramid = new() { Stages = stages, Tap = tap } })).Message, StringComparison.Ordinal);

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(expected.sub(actual).abs().max().item<float>() < 1e-4);
    }
}
