using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Stage2Regions;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Models;

public sealed class RegionHeadTests
{
    private static readonly DetectorConfig _conv5 = TinyDetector.SingleMap with { Roi = TinyDetector.SingleMap.Roi with { Head = "conv5", PoolSize = 8 } };

    [Fact]
    public void Conv5_ContinuesTheResNetOnEachRegion()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        using var whole = new ResNet(_conv5.Backbone with { Name = "resnet18", Layers = null, Block = null }, 4, 4);
        using RegionHead head = RegionHeadFactory.Create(_conv5 with { Backbone = _conv5.Backbone with { Name = "resnet18", Layers = null, Block = null } }, 32);
        using var trunk = new ResNet(_conv5.Backbone with { Name = "resnet18", Layers = null, Block = null }, 3, 3);
        Dictionary<string, Tensor> weights = whole.state_dict();
        foreach ((string name, Tensor value) in trunk.state_dict().Concat(head.state_dict()))
        {
            value.copy_(weights[name]);
        }

        // A region that is the whole map: the head's answer is the mean of the ResNet's last map.
        Tensor image = randn(1, 3, 128, 128);
        Tensor expected = whole.call(image)[0].mean([2, 3]), actual = head.call(trunk.call(image)[0]);
        Assert.Equal(8 * 8, head.Width);
        Assert.True(expected.sub(actual).abs().max().item<float>() < 1e-4 * expected.abs().max().item<float>());
    }

    [Fact]
    public void ConvolutionHead_IsItsLayersOneAfterTheOther()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        DetectorConfig config = TinyDetector.Pyramid with { Roi = TinyDetector.Pyramid.Roi with { Head = "conv-fc", HeadConvolutions = [6, 5], HeadNorm = "none" } };
        using RegionHead head = RegionHeadFactory.Create(config, 4);
        Dictionary<string, Tensor> w = head.state_dict();
        Assert.Equal(["0.0.weight", "0.0.bias", "1.0.weight", "1.0.bias", "3.weight", "3.bias"], w.Keys);
        Tensor input = randn(3, 4, 7, 7);
        Tensor one = F.relu(F.conv2d(input, w["0.0.weight"], w["0.0.bias"], padding: [1, 1]));
        Tensor two = F.relu(F.conv2d(one, w["1.0.weight"], w["1.0.bias"], padding: [1, 1]));
        Tensor expected = F.relu(F.linear(two.flatten(1), w["3.weight"], w["3.bias"]));
        Assert.True(expected.sub(head.call(input)).abs().max().item<float>() < 1e-5);
    }

    [Theory]
    [InlineData("vgg16", "classifier.0.", "classifier.3.")]
    [InlineData("alexnet", "classifier.1.", "classifier.4.")]
    public void LoadBackbone_OfAClassifier_FillsTheFullyConnectedLayersToo(string name, string first, string second)
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = DetectorPresets.Create("faster-rcnn-c4", name, 3);
        // As many weights as in the paper would take half a gigabyte here; the names are what is tested.
        config = config with { Roi = config.Roi with { HeadWidth = 4 } };
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        Dictionary<string, Tensor> classifier = detector.state_dict().Where(e => e.Key.StartsWith("backbone.", StringComparison.Ordinal))
            .ToDictionary(e => "features." + e.Key["backbone.".Length..], e => e.Value.clone().fill_(0.25));
        Dictionary<string, Tensor> own = detector.state_dict();
        foreach ((string from, string to) in new[] { (first, "fc6."), (second, "fc7.") })
        {
            foreach (string part in new[] { "weight", "bias" })
            {
                classifier[from + part] = own["roi_heads.box_head." + to + part].clone().fill_(0.5);
            }
        }

        classifier["classifier.6.weight"] = zeros(1000, 4);
        DetectorWeights.Report report = DetectorWeights.LoadBackbone(detector, classifier, "classifier.pth");
        Assert.Equal(["backbone.classifier.6.weight"], report.Unused);
        Assert.All(detector.state_dict(), e => Assert.True(
            e.Key.StartsWith("backbone.", StringComparison.Ordinal) ? TinyDetector.Floats(e.Value).All(v => v == 0.25)
            : !e.Key.Contains("box_head", StringComparison.Ordinal) || TinyDetector.Floats(e.Value).All(v => v == 0.5), e.Key));
    }

    [Fact]
    public void LoadBackbone_OfAResNet_FillsTheConv5Head()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(_conv5, 0);
        using var whole = new ResNet(_conv5.Backbone, 4, 4);
        Dictionary<string, Tensor> classifier = whole.state_dict();
        DetectorWeights.LoadBackbone(detector, classifier, "resnet.pth");
        Assert.Equal(TinyDetector.Floats(classifier["layer4.0.conv2.weight"]), TinyDetector.Floats(detector.state_dict()["roi_heads.box_head.layer4.0.conv2.weight"]));
        classifier.Remove("layer4.0.conv2.weight");
        RcnnException e = Assert.Throws<RcnnException>(() => DetectorWeights.LoadBackbone(detector, classifier, "resnet.pth"));
        Assert.Contains("layer4.0.conv2.weight", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("faster-rcnn-c4", "resnet50", "conv5")]
    [InlineData("faster-rcnn-c4", "vgg16", "fc")]
    [InlineData("faster-rcnn-fpn", "resnet50", "fc")]
    public void Preset_HasTheHeadOfItsNetwork(string model, string backbone, string head) =>
        Assert.Equal(head, DetectorPresets.Create(model, backbone, 21).Roi.Head);

    [Fact]
    public void Create_WithConv5OnAPyramid_SaysWhatItNeeds()
    {
        DetectorConfig config = TinyDetector.Pyramid with { Roi = TinyDetector.Pyramid.Roi with { Head = "conv5" } };
        Assert.Contains("roi.head", Assert.Throws<RcnnException>(() => DetectorFactory.Create(config, 0)).Message, StringComparison.Ordinal);
    }
}
