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

    // Counted in torchvision 0.14.1.
    [Theory]
    [InlineData("faster-rcnn-fpn", "resnet50", "frozen", 41_755_286)]
    [InlineData("faster-rcnn-fpn", "resnet50", "bn", 41_808_406)]
    [InlineData("faster-rcnn-fpn", "mobilenet_v3_large", "bn", 19_410_754)]
    public void Preset_With91Classes_HasTorchvisionsParameterCount(string assembly, string backbone, string norm, long expected)
    {
        DetectorConfig config = DetectorFactory.Preset(assembly, backbone, 91);
        using TwoStageDetector detector = DetectorFactory.Create(config with { Backbone = config.Backbone with { Norm = norm } }, 0);
        Assert.Equal(expected, detector.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData("resnet18", 11_166_912)]
    [InlineData("resnet34", 21_267_648)]
    [InlineData("resnet50", 23_454_912)]
    [InlineData("resnet101", 42_394_816)]
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
        using TwoStageDetector detector = DetectorFactory.Create(DetectorFactory.Preset("faster-rcnn-c4", "mobilenet_v2", 7), 0);
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
