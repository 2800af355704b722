using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class NormalisationTests
{
    [Theory]
    [InlineData("resnet18", "frozen")]
    [InlineData("resnet18", "bn")]
    [InlineData("resnet18", "gn")]
    [InlineData("mobilenet_v2", "frozen")]
    [InlineData("mobilenet_v2", "bn")]
    [InlineData("mobilenet_v2", "gn")]
    [InlineData("mobilenet_v3_large", "frozen")]
    [InlineData("mobilenet_v3_large", "bn")]
    [InlineData("mobilenet_v3_large", "gn")]
    [InlineData("mobilenet_v3_small", "frozen")]
    [InlineData("mobilenet_v3_small", "bn")]
    [InlineData("mobilenet_v3_small", "gn")]
    [InlineData("vgg11_bn", "frozen")]
    [InlineData("vgg11_bn", "bn")]
    [InlineData("vgg11_bn", "gn")]
    public void EachNorm_OfEachFamily_RunsForwardAndBackward(string name, string norm)
    {
        using var scope = NewDisposeScope();
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = name, Norm = norm, Fpn = false });
        backbone.train();
        Tensor map = backbone.call(Image(2, 48))[0];
        map.square().mean().backward();
        Assert.All(TinyDetector.Floats(map), v => Assert.True(float.IsFinite(v)));
        Assert.Equal(norm == "gn", backbone.modules().Any(m => m is GroupNorm));
        Assert.Equal(norm == "bn", backbone.modules().Any(m => m is BatchNorm2d));
        Assert.Equal(norm == "frozen", backbone.modules().Any(m => m is FrozenBatchNorm2d));
        Assert.All(backbone.parameters(), p => Assert.NotNull(p.grad));
    }

    [Theory]
    [InlineData(64, 32, 32)]
    [InlineData(2048, 32, 32)]
    [InlineData(16, 32, 16)]
    [InlineData(24, 32, 24)]
    [InlineData(144, 32, 24)]
    [InlineData(40, 32, 20)]
    [InlineData(40, 8, 8)]
    [InlineData(97, 32, 1)]
    [InlineData(64, 1, 1)]
    public void Groups_AreTheLargestDivisorUpToTheSetting(long channels, int most, int expected) => Assert.Equal(expected, NormLayer.Groups(channels, most));

    /// <summary>Every layer of a ResNet keeps its 32 groups.</summary>
    [Fact]
    public void Groups_OfAResNet_Are32()
    {
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = "resnet18", Norm = "gn" });
        Assert.All(backbone.modules().OfType<GroupNorm>(), g => Assert.Equal(32, g.num_groups));
    }

    /// <summary>Mean 0 and variance 1 over each image's group of 40 / 20 = 2 channels, by the formula in double.</summary>
    [Fact]
    public void GroupNorm_OfAMobileNetsChannels_IsTheFormula()
    {
        using var scope = NewDisposeScope();
        var random = new RandomStream(5);
        Tensor input = tensor([.. Enumerable.Range(0, 2 * 40 * 6).Select(_ => (float)(3 * random.NextGaussian() + 1))], [2, 40, 2, 3]);
        var layer = (GroupNorm)NormLayer.Create(new BackboneConfig { Norm = "gn", NormEps = 1e-3 }, 40);
        float[] values = TinyDetector.Floats(input), output = TinyDetector.Floats(layer.call(input));
        Assert.Equal(20, layer.num_groups);
        for (int group = 0; group < 2 * 20; group++)
        {
            double[] own = [.. values.AsSpan(group * 12, 12).ToArray().Select(v => (double)v)];
            double mean = own.Average(), variance = own.Average(v => (v - mean) * (v - mean));
            Assert.All(Enumerable.Range(0, 12), i => Assert.Equal((own[i] - mean) / Math.Sqrt(variance + 1e-3), output[group * 12 + i], 1e-4));
        }
    }

    /// <summary>A detector with group normalisation in its MobileNet trains: the setting reaches the layers.</summary>
    [Fact]
    public void NormGroups_ReachTheLayers()
    {
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = "mobilenet_v2", Norm = "gn", NormGroups = 4, Fpn = false });
        Assert.All(backbone.modules().OfType<GroupNorm>(), g => Assert.Equal(4, g.num_groups));
    }

    [Theory]
    [InlineData("resnet18", 2, "body.bn1.running_mean", "body.layer1.1.bn2.running_var", "body.layer2.0.bn1.running_mean")]
    [InlineData("mobilenet_v2", 2, "0.1.running_mean", "2.conv.3.running_var", "4.conv.3.running_mean")]
    [InlineData("mobilenet_v3_small", 2, "0.1.running_mean", "1.block.0.1.running_var", "2.block.0.1.running_mean")]
    [InlineData("vgg11_bn", 1, "1.running_mean", "1.num_batches_tracked", "5.running_mean")]
    public void FrozenStages_KeepTheirStatistics_InTraining(string name, int stages, string first, string last, string after)
    {
        using var scope = NewDisposeScope();
        using Backbone backbone = BackboneFactory.Create(new BackboneConfig { Name = name, Norm = "bn", Fpn = false, FreezeStages = stages });
        Dictionary<string, float[]> before = backbone.state_dict().ToDictionary(e => e.Key, e => TinyDetector.Floats(e.Value));
        backbone.train();
        backbone.call(Image(2, 64));
        Dictionary<string, Tensor> now = backbone.state_dict();
        Assert.Equal(before[first], TinyDetector.Floats(now[first]));
        Assert.Equal(before[last], TinyDetector.Floats(now[last]));
        Assert.NotEqual(before[after], TinyDetector.Floats(now[after]));
    }

    /// <summary>What a frozen stage gives in training is what its stored statistics say, not the batch's.</summary>
    [Fact]
    public void FrozenStages_UseTheirStoredStatistics_InTraining()
    {
        using var scope = NewDisposeScope();
        var config = new BackboneConfig { Name = "resnet18", Norm = "bn", Fpn = false, FreezeStages = -1 };
        using Backbone backbone = BackboneFactory.Create(config);
        var random = new RandomStream(2);
        using (no_grad())
        {
            foreach (BatchNorm2d norm in backbone.modules().OfType<BatchNorm2d>())
            {
                norm.running_mean!.copy_(tensor([.. Enumerable.Range(0, (int)norm.running_mean.numel()).Select(_ => (float)random.NextGaussian())]));
            }
        }

        Tensor image = Image(1, 64);
        backbone.eval();
        float[] expected = TinyDetector.Floats(backbone.call(image)[0]);
        backbone.train();
        float[] got = TinyDetector.Floats(backbone.call(image)[0]);
        Assert.All(expected.Zip(got), p => Assert.Equal(p.First, p.Second, 1e-3 * (1 + Math.Abs(p.First))));
    }

    private static Tensor Image(int images, int side)
    {
        var random = new RandomStream(9);
        return tensor([.. Enumerable.Range(0, images * 3 * side * side).Select(_ => (float)random.NextGaussian())], [images, 3, side, side]);
    }
}
