using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Core.Training;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class RegionPoolingTests
{
    /// <summary>33 rows are padded to 64, of which a map of stride 4 has 16: 16/33 is nearest to a half.</summary>
    [Theory]
    [InlineData("inferred", 0.5)]
    [InlineData("fixed", 0.25)]
    public void Scale_IsThatOfTheUnpaddedImage_OrTheBackbones(string scale, double expected)
    {
        using var scope = NewDisposeScope();
        var batch = new ImageBatch(zeros([1, 3, 64, 64]), [new ImageSize(33, 33)], [new ImageSize(33, 33)]);
        Assert.Equal([expected], MultiScaleRoiPooling.InferScales([zeros([1, 4, 16, 16])], RegionPooling.Sizes(new RoiConfig { LevelScale = scale }, batch)));
    }

    [Fact]
    public void Scale_OfAnotherName_IsRefused() =>
        Assert.Contains("roi.levelScale: inferred or fixed expected, got 'padded'", Assert.Throws<RcnnException>(() => RegionPooling.Create(new RoiConfig { LevelScale = "padded" }, 7)).Message);

    private static readonly (int Height, int Width)[] _size = [(96, 128)];

    [Fact]
    public void Create_ByDefault_IsTorchvisionsRoiAlignToTheBit()
    {
        using var scope = NewDisposeScope();
        var config = new RoiConfig();
        (Tensor[] maps, Tensor[] boxes) = Inputs();
        Tensor expected = new MultiScaleRoiAlign(7, 7, 2).Apply(maps, boxes, _size, channelsLastOutput: false);
        Tensor actual = RegionPooling.Create(config, config.PoolSize).Apply(maps, boxes, _size, channelsLastOutput: false);
        Assert.Equal(TinyDetector.Floats(expected), TinyDetector.Floats(actual));
    }

    [Fact]
    public void Create_ForEachName_IsThatOperator()
    {
        using var scope = NewDisposeScope();
        (Tensor[] maps, Tensor[] boxes) = Inputs();
        // One level only, so that the operators can be asked directly: stride 8.
        maps = [maps[1]];
        Tensor rois = cat([zeros(boxes[0].shape[0], 1), boxes[0]], 1);
        var expected = new Dictionary<string, Tensor>
        {
            ["align"] = RoiAlign.Apply(maps[0], rois, 5, 5, 1 / 8.0, 3, aligned: true),
            ["align-max"] = new RoiAlignPooling(3, true, BinReduction.Max).Apply(maps[0], rois, 5, 5, 1 / 8.0),
            ["pool"] = RoiPool.Apply(maps[0], rois, 5, 5, 1 / 8.0),
            ["warp"] = RoiWarp.Apply(maps[0], rois, 5, 5, 1 / 8.0, samples: 3),
        };
        Assert.Equal(RegionPooling.Names, expected.Keys);
        foreach ((string name, Tensor value) in expected)
        {
            Tensor actual = RegionPooling.Create(new RoiConfig { Pooling = name, SamplingRatio = 3, Aligned = true }, 5).Apply(maps, boxes, _size);
            Assert.Equal([3, 4, 5, 5], actual.shape);
            Assert.Equal(TinyDetector.Floats(value), TinyDetector.Floats(actual));
        }
    }

    [Theory]
    [InlineData("align")]
    [InlineData("align-max")]
    [InlineData("pool")]
    [InlineData("warp")]
    public void Training_WithEachPooling_BringsTheLossDown(string pooling)
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = ConfigOverrides.Apply(new TrainConfig { Model = TinyDetector.Mask }, [$"model.roi.pooling={pooling}"]).Model;
        using TwoStageDetector detector = DetectorFactory.Create(config, 3);
        (Tensor Image, Target Target)[] scenes = [TinyDetector.MaskedScene(0), TinyDetector.MaskedScene(9)];
        detector.train();
        Parameter[] trained = [.. detector.parameters().Where(p => p.requires_grad)];
        using var optimizer = optim.AdamW(trained, 2e-3);
        var losses = new List<double>();
        for (int step = 0; step < 15; step++)
        {
            using var inner = NewDisposeScope();
            // Without a random stream the samples are the first ones: no luck of the draw in the losses.
            LossParts loss = detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], random: null);
            losses.Add(loss.Total().item<float>());
            optimizer.zero_grad();
            loss.Total().backward();
            optimizer.step();
        }

        Assert.True(losses[^1] < 0.6 * losses[0], $"{pooling}: {losses[0]} to {losses[^1]}");
        detector.eval();
        Detections found = detector.Detect([scenes[0].Image])[0];
        Assert.Equal([found.Count, 1, 14, 14], found.Masks!.shape);
    }

    [Fact]
    public void Create_OfAnUnknownName_NamesItAndTheKnownOnes()
    {
        DetectorConfig config = TinyDetector.Pyramid with { Roi = TinyDetector.Pyramid.Roi with { Pooling = "max" } };
        RcnnException e = Assert.Throws<RcnnException>(() => DetectorFactory.Create(config, 0));
        Assert.Equal("model.roi.pooling=max: expected align, align-max, pool, warp; did you mean warp?", e.Message);
        Assert.Equal(2, e.ExitCode);
    }

    [Fact]
    public void Create_OfAWarpWithoutSamples_NamesTheSetting()
    {
        RcnnException e = Assert.Throws<RcnnException>(() => RegionPooling.Create(new RoiConfig { Pooling = "warp", SamplingRatio = 0 }, 7));
        Assert.Equal("model.roi.samplingRatio: 1 or more expected with roi.pooling warp, got 0", e.Message);
    }

    private static (Tensor[] Maps, Tensor[] Boxes) Inputs()
    {
        using var generator = new Generator(5);
        return ([randn([1, 4, 24, 32], generator: generator), randn([1, 4, 12, 16], generator: generator)],
            [tensor(new[] { 3.3f, 4.1f, 60.7f, 50.2f, 10f, 20f, 120f, 90f, 64f, 8f, 80f, 24f }, [3, 4])]);
    }
}
