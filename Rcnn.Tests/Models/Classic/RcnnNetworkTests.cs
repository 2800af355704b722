using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Classic;
using Rcnn.Core.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Models.Classic;

public sealed class RcnnNetworkTests
{
    [Theory]
    [InlineData("alexnet", 3, 95, 2)]
    [InlineData("alexnet", 3, 227, 6)]
    [InlineData("vgg11", 2, 64, 2)]
    public void Pool_OfAlexNetAndVgg_IsTheGreatestOfEachWindow(string name, int kernel, int side, int cells)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        DetectorConfig config = Small(name, cells);
        Tensor crops = Crops(1, side);
        (float[] pooled, Tensor map) = PoolAndMap(config, crops);
        float[] values = map.contiguous().data<float>().ToArray();
        int channels = (int)map.shape[1], n = (int)map.shape[2];
        Assert.Equal(cells, ((n - kernel) / 2) + 1);
        for (int i = 0; i < pooled.Length; i++)
        {
            int c = i / (cells * cells), y = i / cells % cells, x = i % cells;
            float greatest = float.NegativeInfinity;
            for (int k = 0; k < kernel * kernel; k++)
            {
                greatest = Math.Max(greatest, values[(((c * n) + (2 * y) + (k / kernel)) * n) + (2 * x) + (k % kernel)]);
            }

            Assert.Equal(greatest, pooled[i], 1e-5 * (1 + Math.Abs(greatest)));
        }

        Assert.Equal(channels * cells * cells, pooled.Length);
    }

    [Theory]
    [InlineData("squeezenet1_1", null)]
    [InlineData("mobilenet_v2", 18)]
    [InlineData("alexnet", 11)]
    public void Pool_OfOtherNetworks_IsTheMean(string name, int? lastBlock)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        DetectorConfig config = Small(name, 1);
        config = config with { Backbone = config.Backbone with { LastBlock = lastBlock } };
        (float[] pooled, Tensor map) = PoolAndMap(config, Crops(1, 96));
        float[] mean = F.adaptive_avg_pool2d(map, [1, 1]).flatten(1).contiguous().data<float>().ToArray();
        Assert.All(mean.Zip(pooled), p => Assert.Equal(p.First, p.Second, 1e-5 * mean.Max()));
    }

    [Theory]
    [InlineData(227)]
    [InlineData(159)]
    public void Logits_OfAlexNet_AreThoseOfTorchvisionsOrderOfLayers(int side)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        using var network = new RcnnNetwork(Small("alexnet", 6), 3);
        network.eval();
        Dictionary<string, Tensor> w = network.state_dict();
        Tensor x = Crops(2, side);
        foreach ((int layer, int stride, int padding, bool pool) in new[] { (0, 4, 2, true), (3, 1, 2, true), (6, 1, 1, false), (8, 1, 1, false), (10, 1, 1, true) })
        {
            x = F.relu(F.conv2d(x, w[$"backbone.{layer}.weight"], w[$"backbone.{layer}.bias"], strides: [stride, stride], padding: [padding, padding]));
            x = pool ? F.max_pool2d(x, [3, 3], [2, 2]) : x;
        }

        x = F.adaptive_avg_pool2d(x, [6, 6]).flatten(1);
        x = F.relu(F.linear(x, w["fc6.weight"], w["fc6.bias"]));
        x = F.relu(F.linear(x, w["fc7.weight"], w["fc7.bias"]));
        x = F.linear(x, w["cls_score.weight"], w["cls_score.bias"]);
        float[] expected = x.data<float>().ToArray(), actual = network.call(Crops(2, side)).data<float>().ToArray();
        double largest = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-4 * largest));
    }

    [Fact]
    public void CropsTooSmallForTheLastPooling_AreNamed()
    {
        using var network = new RcnnNetwork(Small("alexnet", 1), 0);
        using Tensor crops = Crops(1, 47);
        Assert.Contains("alexnet: a map of 3×3 or more expected", Assert.Throws<RcnnException>(() => network.Features(crops)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(0.5, false)]
    public void Dropout_IsASetting(double dropout, bool same)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        DetectorConfig config = Small("alexnet", 1);
        using var network = new RcnnNetwork(config with { Rcnn = config.Rcnn with { Dropout = dropout } }, 0);
        Tensor crops = Crops(2, 95);
        network.train();
        float[] training = network.call(crops).data<float>().ToArray();
        network.eval();
        Assert.Equal(same, network.call(crops).data<float>().ToArray().SequenceEqual(training));
    }

    [Fact]
    public void RateOfTheRegionHead_IsThatOfFullyConnectedLayersAndClassifier()
    {
        using var network = new RcnnNetwork(Small("alexnet", 1), 0);
        var groups = ParameterGroups.Create(network, new OptimizerConfig { LearningRate = 0.1, Rates = new() { Roi = 10 } });
        string[] head = [.. groups.Optimizer.ParamGroups.Cast<SGD.ParamGroup>().Where(g => g.LearningRate == 1)
            .SelectMany(g => g.Parameters).Select(p => network.named_parameters().Single(n => n.parameter.Handle == p.Handle).name)];
        Assert.Equal(["cls_score.bias", "cls_score.weight", "fc6.bias", "fc6.weight", "fc7.bias", "fc7.weight"], head.Order(StringComparer.Ordinal));
        Assert.Single(ParameterGroups.Create(network, new OptimizerConfig()).Optimizer.ParamGroups);
    }

    [Fact]
    public void Load_LayersThatDoNotFit_AreNamedAndStayRandom()
    {
        using var scope = NewDisposeScope();
        using var network = new RcnnNetwork(Small("alexnet", 1), 0);
        Dictionary<string, Tensor> own = network.state_dict();
        var weights = own.Where(o => o.Key.StartsWith("backbone.", StringComparison.Ordinal)).ToDictionary(o => "features." + o.Key["backbone.".Length..], o => o.Value);
        (weights["classifier.1.weight"], weights["classifier.1.bias"], weights["classifier.4.weight"]) = (zeros([16, 9216]), zeros([16]), zeros([16, 16]));
        float[] before = own["fc6.weight"].data<float>().ToArray();
        (int loaded, IReadOnlyList<string> left) = network.Load(weights, "a.pth");
        Assert.Equal(["fc6.weight of another shape ([16,256] expected, got [16,9216]): left random", "fc7.bias is missing: left random"], left);
        Assert.Equal(weights.Count - 1, loaded);
        Assert.Equal(before, own["fc6.weight"].data<float>().ToArray());
        Assert.All(own["fc7.weight"].data<float>().ToArray(), v => Assert.Equal(0, v));
    }

    private static DetectorConfig Small(string backbone, int cells)
    {
        DetectorConfig config = DetectorPresets.Create("rcnn", backbone, 4);
        return config with { Roi = config.Roi with { PoolSize = cells, HeadWidth = 16 } };
    }

    private static Tensor Crops(int count, int side)
    {
        using var generator = new Generator(5, CPU);
        return randn([count, 3, side, side], generator: generator);
    }

    /// <summary>The network's pooled map beside the map that a backbone of the same weights gives.</summary>
    private static (float[] Pooled, Tensor Map) PoolAndMap(DetectorConfig config, Tensor crops)
    {
        using var network = new RcnnNetwork(config, 3);
        using Backbone backbone = BackboneFactory.Create(config.Backbone);
        Dictionary<string, Tensor> own = network.state_dict();
        foreach ((string name, Tensor value) in backbone.state_dict())
        {
            value.copy_(own["backbone." + name]);
        }

        MemoryLayout.Arrange(backbone);
        network.eval();
        backbone.eval();
        return (network.Features(crops).Pool.contiguous().data<float>().ToArray(), backbone.call(crops)[0]);
    }
}
