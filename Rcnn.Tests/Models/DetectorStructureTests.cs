using System.Text.Json;
using Rcnn.Cli.Golden;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

/// <summary>Names, shapes and counts are torchvision 0.14's.</summary>
public sealed class DetectorStructureTests
{
    [SkippableTheory]
    [InlineData("fasterrcnn_c4_bn")]
    [InlineData("fasterrcnn_resnet18_narrow_fpn")]
    [InlineData("fasterrcnn_mobilenet_v3_narrow_fpn")]
    [InlineData("maskrcnn_resnet_bottleneck_fpn")]
    public void StateDictionary_HasTheNamesAndShapesOfTheStoredModel(string name)
    {
        string folder = SharedData.Golden("models/" + name);
        var file = GoldenCaseFile.Read(Path.Combine(folder, "case.json"));
        using TwoStageDetector detector = DetectorFactory.Create(DetectorGolden.Config(new GoldenContext(file, CPU)), 0);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "state_dict_keys.json")));
        string[] expected = [.. document.RootElement.EnumerateArray()
            .Select(e => e.GetProperty("key").GetString() + " [" + string.Join(",", e.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64())) + "]")
            .Order(StringComparer.Ordinal)];
        string[] own = [.. detector.state_dict().Select(e => $"{e.Key} [{string.Join(",", e.Value.shape)}]").Order(StringComparer.Ordinal)];
        Assert.Equal(expected, own);
    }

    // Counted in torchvision 0.14.1, with batch normalisation where the model has one.
    [Theory]
    [InlineData("fasterrcnn_resnet50_fpn", 41_808_406)]
    [InlineData("fasterrcnn_resnet50_fpn_v2", 43_712_278)]
    [InlineData("fasterrcnn_mobilenet_v3_large_fpn", 19_410_754)]
    [InlineData("fasterrcnn_mobilenet_v3_large_320_fpn", 19_410_754)]
    [InlineData("maskrcnn_resnet50_fpn", 44_454_513)]
    [InlineData("maskrcnn_resnet50_fpn_v2", 46_359_409)]
    public void TorchvisionPreset_With91Classes_HasItsParameterCount(string name, long expected)
    {
        DetectorConfig config = DetectorPresets.Create(name, null, 91);
        using TwoStageDetector detector = DetectorFactory.Create(config with { Backbone = config.Backbone with { Norm = "bn" } }, 0);
        Assert.Equal(expected, detector.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void FrozenNormalisation_HasNoParameters()
    {
        using TwoStageDetector detector = DetectorFactory.Create(DetectorPresets.Create("faster-rcnn-fpn", "resnet50", 91), 0);
        Assert.Equal(41_755_286, detector.parameters().Sum(p => p.numel()));
    }

    // torchvision's features without the pooling at their end, which holds nothing.
    [Theory]
    [InlineData("alexnet", 2_469_696, 256)]
    [InlineData("vgg11", 9_220_480, 512)]
    [InlineData("vgg11_bn", 9_225_984, 512)]
    [InlineData("vgg13", 9_404_992, 512)]
    [InlineData("vgg13_bn", 9_410_880, 512)]
    [InlineData("vgg16", 14_714_688, 512)]
    [InlineData("vgg16_bn", 14_723_136, 512)]
    [InlineData("squeezenet1_0", 735_424, 512)]
    [InlineData("squeezenet1_1", 722_496, 512)]
    public void SingleMap_OfAPlainNetwork_HasTorchvisionsFeaturesAtStride16(string name, long parameters, int channels)
    {
        using var scope = NewDisposeScope();
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = name, Fpn = false, Norm = "bn" });
        Assert.Equal(parameters, backbone.parameters().Sum(p => p.numel()));
        Assert.Equal([channels], backbone.Channels);
        using IDisposable noGradient = no_grad();
        long[] shape = backbone.call(zeros([1, 3, 224, 224]))[0].shape;
        Assert.Equal(channels, shape[1]);
        Assert.Equal(16, 224.0 / shape[2], 3.5);
    }

    [Theory]
    [InlineData("mobilenet_v3_large", 2_971_952)]
    [InlineData("mobilenet_v3_small", 927_008)]
    public void MobileNetV3_HasTorchvisionsParameterCount(string name, long expected)
    {
        using MobileNet body = MobileNetV3.Create(new BackboneConfig { Name = name, Norm = "bn" }, 2, null);
        Assert.Equal(expected, body.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData("resnet18", 11_166_912)]
    [InlineData("resnet34", 21_267_648)]
    [InlineData("resnet50", 23_454_912)]
    [InlineData("resnet101", 42_394_816)]
    [InlineData("resnet152", 57_992_384)]
    [InlineData("resnext50_32x4d", 22_911_680)]
    [InlineData("resnext101_32x8d", 86_539_456)]
    public void ResNet_WithFrozenNorm_HasTorchvisionsParameterCount(string name, long expected)
    {
        using var body = new ResNet(new BackboneConfig { Name = name }, 1, 4);
        Assert.Equal(expected, body.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(18, 2_189_760)]
    [InlineData(13, 526_400)]
    public void MobileNetV2_UpToABlock_HasTorchvisionsParameterCount(int last, long expected)
    {
        using MobileNet body = MobileNetV2.Create(new BackboneConfig { Name = "mobilenet_v2" }, 1, last);
        Assert.Equal(expected, body.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void CardsPreset_FreezesTheFirstFourBlocks()
    {
        using TwoStageDetector detector = DetectorFactory.Create(DetectorPresets.Create("faster-rcnn-c4", "mobilenet_v2", 7), 0);
        Assert.All(detector.named_parameters(), p =>
        {
            string[] parts = p.name.Split('.');
            bool early = parts[0] == "backbone" && int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) < 4;
            Assert.True(p.parameter.requires_grad != early, p.name);
        });
        Assert.Equal(96, detector.Backbone.Channels[0]);
    }

    [Theory]
    [InlineData("backbone.fpn.inner_blocks.2.weight", "backbone.fpn.inner_blocks.2.0.weight")]
    [InlineData("backbone.fpn.layer_blocks.0.bias", "backbone.fpn.layer_blocks.0.0.bias")]
    [InlineData("rpn.head.conv.weight", "rpn.head.conv.0.0.weight")]
    [InlineData("rpn.head.conv.0.0.weight", "rpn.head.conv.0.0.weight")]
    [InlineData("backbone.fpn.inner_blocks.2.0.weight", "backbone.fpn.inner_blocks.2.0.weight")]
    public void CurrentName_OfAnOldCheckpoint_IsTodays(string old, string current) => Assert.Equal(current, DetectorWeights.CurrentName(old));

    [Fact]
    public void LoadDetector_WithOldNames_FillsEverything()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector from = DetectorFactory.Create(TinyDetector.Pyramid, 1), into = DetectorFactory.Create(TinyDetector.Pyramid, 2);
        var old = from.state_dict().ToDictionary(
            e => e.Key.Replace("rpn.head.conv.0.0.", "rpn.head.conv.", StringComparison.Ordinal)
                .Replace("_blocks.0.0.", "_blocks.0.", StringComparison.Ordinal), e => e.Value);
        Assert.Contains("rpn.head.conv.weight", old.Keys);
        DetectorWeights.LoadDetector(into, old, "old.pth");
        Assert.Equal(TinyDetector.Values(from), TinyDetector.Values(into));
    }

    [Fact]
    public void LoadDetector_WithoutAWeight_NamesIt()
    {
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.SingleMap, 0);
        Dictionary<string, Tensor> weights = detector.state_dict();
        weights.Remove("roi_heads.box_head.fc7.bias");
        RcnnException e = Assert.Throws<RcnnException>(() => DetectorWeights.LoadDetector(detector, weights, "some.pth"));
        Assert.Contains("some.pth", e.Message, StringComparison.Ordinal);
        Assert.Contains("roi_heads.box_head.fc7.bias", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithTheSameSeed_GivesTheSameWeights()
    {
        using TwoStageDetector a = DetectorFactory.Create(TinyDetector.Pyramid, 5), b = DetectorFactory.Create(TinyDetector.Pyramid, 5);
        using TwoStageDetector other = DetectorFactory.Create(TinyDetector.Pyramid, 6);
        Assert.Equal(TinyDetector.Values(a), TinyDetector.Values(b));
        Assert.NotEqual(TinyDetector.Values(a), TinyDetector.Values(other));
    }

    [Theory]
    [InlineData("resnet50", "norm", "batch")]
    [InlineData("resnet49", "norm", "frozen")]
    public void Create_WithAnUnknownName_NamesTheField(string backbone, string field, string value)
    {
        var config = new DetectorConfig { Backbone = new() { Name = backbone, Norm = value } };
        RcnnException e = Assert.Throws<RcnnException>(() => DetectorFactory.Create(config, 0));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains(backbone == "resnet49" ? "resnet49" : field, e.Message, StringComparison.Ordinal);
    }
}
