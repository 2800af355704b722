using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Weights;
using Rcnn.Tests.Training;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class WeightArchitectureTests
{
    [Theory]
    [InlineData("fasterrcnn_resnet50_fpn", "resnet50")]
    [InlineData("fasterrcnn_resnet50_fpn_v2", "resnet50")]
    [InlineData("fasterrcnn_mobilenet_v3_large_fpn", "mobilenet_v3_large")]
    [InlineData("maskrcnn_resnet50_fpn", "resnet50")]
    [InlineData("maskrcnn_resnet50_fpn_v2", "resnet50")]
    public void Of_ATorchvisionDetector_IsItsName_UnderOldAndNewNames(string name, string backbone)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(DetectorPresets.Create(name, null, 21), 0);
        Dictionary<string, Tensor> state = detector.state_dict();
        var expected = new WeightArchitecture(name, backbone, 21, !name.EndsWith("_v2", StringComparison.Ordinal));
        Assert.Equal(expected, WeightArchitecture.Of(state.ToDictionary(e => e.Key, e => e.Value.shape)));
        IReadOnlyDictionary<string, Tensor> old = DetectorWeights.WithOldNames(state);
        Assert.Equal(expected, WeightArchitecture.Of(old.ToDictionary(e => e.Key, e => e.Value.shape)));
        Assert.Equal(state.Keys, old.Keys.Select(DetectorWeights.CurrentName));
    }

    [Theory]
    [InlineData("resnet18")]
    [InlineData("resnet34")]
    [InlineData("resnet101")]
    [InlineData("resnet152")]
    [InlineData("resnext50_32x4d")]
    [InlineData("resnext101_32x8d")]
    [InlineData("mobilenet_v2")]
    [InlineData("mobilenet_v3_large")]
    [InlineData("mobilenet_v3_small")]
    [InlineData("alexnet")]
    [InlineData("vgg11")]
    [InlineData("vgg13_bn")]
    [InlineData("vgg16")]
    [InlineData("vgg16_bn")]
    [InlineData("squeezenet1_0")]
    [InlineData("squeezenet1_1")]
    public void Of_AClassifiersLayers_IsTheBackbone(string name)
    {
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = name, Fpn = false, Norm = "bn" });
        string prefix = name.StartsWith("res", StringComparison.Ordinal) ? "" : "features.";
        Dictionary<string, long[]> shapes = backbone.state_dict().ToDictionary(e => prefix + e.Key.Replace("body.", "", StringComparison.Ordinal), e => e.Value.shape);
        WeightArchitecture found = WeightArchitecture.Of(shapes);
        Assert.Null(found.Model);
        Assert.Equal(name, found.Backbone);
    }

    [Fact]
    public void Of_SomethingElse_IsNothing() =>
        Assert.Equal(new WeightArchitecture(null, null, null, true), WeightArchitecture.Of(new Dictionary<string, long[]> { ["encoder.weight"] = [3, 4] }));

    [Fact]
    public void WithOldNames_OfASecondConvolution_KeepsWhatHadNone()
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = new()
        {
            ["rpn.head.conv.0.0.weight"] = zeros(1), ["rpn.head.conv.1.0.weight"] = zeros(1), ["backbone.fpn.inner_blocks.0.0.weight"] = zeros(1),
            ["backbone.fpn.inner_blocks.0.1.weight"] = zeros(1), ["roi_heads.mask_head.3.0.bias"] = zeros(1),
        };
        Assert.Equal(
            ["rpn.head.conv.0.0.weight", "rpn.head.conv.1.0.weight", "backbone.fpn.inner_blocks.0.0.weight", "backbone.fpn.inner_blocks.0.1.weight", "roi_heads.mask_head.mask_fcn4.bias"],
            DetectorWeights.WithOldNames(weights).Keys);
    }

    [Theory]
    [InlineData("x.pth")]
    [InlineData("x.pt")]
    [InlineData("x.safetensors")]
    public void Write_AndRead_KeepsNamesTypesShapesAndValues(string name)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        Dictionary<string, Tensor> weights = new()
        {
            ["a.weight"] = randn(3, 5, 2),
            ["turned"] = randn(4, 6).t(),
            ["täg"] = tensor(new long[] { -1, 0, 1L << 40 }),
            ["scalar"] = tensor(7L),
            ["half"] = randn(9).to(ScalarType.Float16),
            ["brain"] = randn(9).to(ScalarType.BFloat16),
            ["double"] = randn(130, 3, dtype: ScalarType.Float64),
            ["flags"] = tensor(new[] { true, false }),
            ["bytes"] = tensor(new byte[] { 0, 255 }),
            ["empty"] = zeros(0, 4),
        };
        string path = folder.File(name);
        WeightFile.Write(path, weights);
        IReadOnlyDictionary<string, Tensor> read = WeightFile.Read(path);
        Assert.Equal(weights.Keys, read.Keys);
        foreach ((string key, Tensor value) in weights)
        {
            Assert.Equal(value.dtype, read[key].dtype);
            Assert.Equal(value.shape, read[key].shape);
            Assert.True(value.numel() == 0 || value.eq(read[key]).all().item<bool>(), key);
        }

        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void Write_WithAnotherEnding_SaysWhichThereAre() =>
        Assert.Contains(".safetensors", Assert.Throws<RcnnException>(() => WeightFile.Write("x.bin", new Dictionary<string, Tensor>())).Message, StringComparison.Ordinal);
}
