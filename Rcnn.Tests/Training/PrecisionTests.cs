using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Training;
using Rcnn.Ops;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Scenes = Rcnn.Tests.Models.TinyDetector;

namespace Rcnn.Tests.Training;

public sealed class PrecisionTests
{
    [Fact]
    public void Autocast_ComputesInHalfPrecision_UntilDisposed()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Conv2d(3, 4, 3);
        Tensor input = randn(1, 3, 8, 8), plain = layer.call(input);
        using (Engine.Autocast(DeviceType.CPU, ScalarType.BFloat16))
        {
            using (Engine.Autocast(DeviceType.CPU, ScalarType.BFloat16))
            {
                Assert.Equal(ScalarType.BFloat16, layer.call(input).dtype);
            }

            Tensor half = layer.call(input);
            Assert.Equal(ScalarType.BFloat16, half.dtype);
            // Eight bits of mantissa.
            Assert.True(half.to(ScalarType.Float32).sub(plain).abs().max().item<float>() < 0.02 * plain.abs().max().item<float>());
            half.to(ScalarType.Float32).sum().backward();
        }

        Assert.Equal(ScalarType.Float32, layer.weight.grad!.dtype);
        Assert.Equal(ScalarType.Float32, layer.call(input).dtype);
        Assert.Equal(Scenes.Floats(plain), Scenes.Floats(layer.call(input)));
    }

    [Fact]
    public void Autocast_OfATypeThatTheDeviceLacks_SaysSo()
    {
        Assert.Contains("Float16", Assert.Throws<ArgumentException>(() => Engine.Autocast(DeviceType.CPU, ScalarType.Float16)).Message, StringComparison.Ordinal);
        Assert.Contains("Float32", Assert.Throws<ArgumentException>(() => Engine.Autocast(DeviceType.CUDA, ScalarType.Float32)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frozen")]
    [InlineData("bn")]
    [InlineData("gn")]
    public void Training_InBfloat16_BringsTheLossDown_NearThatOfFloat32(string norm)
    {
        (double First, double Last) half = Train("bfloat16", norm), full = Train("float32", norm);
        Assert.NotEqual(full.First, half.First);
        Assert.Equal(full.First, half.First, 0.05 * full.First);
        Assert.True(half.Last < 0.6 * half.First, $"{half.First} to {half.Last}; float32 {full.First} to {full.Last}");
    }

    [Fact]
    public void Validate_NamesThePrecision()
    {
        Assert.StartsWith("precision=half: expected float32, bfloat16, float16;",
            Assert.Throws<RcnnException>(() => ConfigCheck.Validate(TinyDetector.Config(2, "precision=half"))).Message);
        Assert.Contains("a CUDA device expected", Assert.Throws<RcnnException>(() => new Precision("float16", DeviceType.CPU)).Message, StringComparison.Ordinal);
    }

    private static (double First, double Last) Train(string precision, string norm)
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = Scenes.Mask with
        {
            Backbone = Scenes.Mask.Backbone with { Norm = norm, BaseWidth = 32, FpnChannels = 32, Pyramid = new() { Norm = norm } },
            Roi = Scenes.Mask.Roi with { Mask = new() { Layers = [32], Width = 16, PoolSize = 7, Norm = norm } },
        };
        using TwoStageDetector detector = DetectorFactory.Create(config, 3);
        detector.train();
        TrainConfig train = TinyDetector.Config(2, $"precision={precision}", "optimizer.kind=adamw", "optimizer.learningRate=0.002", "schedule.kind=constant", "schedule.warmupSteps=0");
        using var trainer = new Trainer(detector, (batch, _) => detector.Losses(batch.Images, batch.Targets, random: null), train);
        (Tensor Image, Target Target)[] scenes = [Scenes.MaskedScene(0), Scenes.MaskedScene(9)];
        using var batch = new Batch([0, 1], [.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)]);
        double[] losses = [.. Enumerable.Range(0, 15).Select(step => trainer.Step(batch, step, 0).Total)];
        Assert.All(detector.parameters(), p => Assert.Equal(ScalarType.Float32, p.dtype));
        return (losses[0], losses[^1]);
    }
}
