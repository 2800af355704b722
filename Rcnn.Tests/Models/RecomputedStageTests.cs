using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class RecomputedStageTests
{
    [Theory]
    [InlineData("frozen", 0)]
    [InlineData("frozen", 2)]
    [InlineData("frozen", -1)]
    [InlineData("gn", 0)]
    public void Losses_WithACheckpointedBackbone_HaveThePlainLossAndGradients(string norm, int frozenStages)
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.Pyramid with
        {
            Backbone = TinyDetector.Pyramid.Backbone with { Norm = norm, BaseWidth = 32, Layers = [2, 1, 2, 1], FreezeStages = frozenStages },
        };
        (float Loss, Dictionary<string, float[]> Gradients) plain = Gradients(config, false), recomputed = Gradients(config, true);
        Assert.Equal(plain.Loss, recomputed.Loss);
        Assert.Equal(plain.Gradients.Keys, recomputed.Gradients.Keys);
        Assert.Equal(frozenStages >= 0, plain.Gradients.Keys.Any(k => k.StartsWith("backbone.body.layer4", StringComparison.Ordinal)));
        AssertClose(plain.Gradients, recomputed.Gradients, 5e-6);
    }

    [Fact]
    public void Losses_UnderAutocast_AreRecomputedInTheSameType()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.Pyramid with { Backbone = TinyDetector.Pyramid.Backbone with { BaseWidth = 32 } };
        (float Loss, Dictionary<string, float[]> Gradients) plain = Gradients(config, false, half: true), recomputed = Gradients(config, true, half: true);
        Assert.NotEqual(Gradients(config, false).Loss, plain.Loss);
        Assert.Equal(plain.Loss, recomputed.Loss);
        AssertClose(plain.Gradients, recomputed.Gradients, 1.0 / 64);
    }

    [Fact]
    public void Run_ComputesTheStageOnceMoreInBackward()
    {
        using var scope = NewDisposeScope();
        var weight = new TorchSharp.Modules.Parameter(tensor(new[] { 2f, 3f }));
        int calls = 0;
        Tensor input = tensor(new[] { 5f, 7f }, requires_grad: true);
        Tensor output = RecomputedStage.Run(Stage, [weight], input);
        Assert.Equal(1, calls);
        Assert.Equal([20f, 63f], TinyDetector.Floats(output));
        output.sum().backward();
        Assert.Equal(2, calls);
        // y = w²x: dy/dw = 2wx, dy/dx = w².
        Assert.Equal([20f, 42f], TinyDetector.Floats(weight.grad!));
        Assert.Equal([4f, 9f], TinyDetector.Floats(input.grad!));
        Assert.False(RecomputedStage.Run(x => x.mul(2), [], tensor(new[] { 1f })).requires_grad);

        Tensor Stage(Tensor x)
        {
            calls++;
            return weight.square().mul(x);
        }
    }

    [Fact]
    public void Create_WhereAStageCannotBeRecomputed_SaysSo()
    {
        BackboneConfig config = TinyDetector.Pyramid.Backbone with { Checkpoint = true };
        Assert.Contains("got bn", Assert.Throws<RcnnException>(() => BackboneFactory.Create(config with { Norm = "bn" })).Message, StringComparison.Ordinal);
        Assert.Contains("got mobilenet_v2", Assert.Throws<RcnnException>(() => BackboneFactory.Create(config with { Name = "mobilenet_v2" })).Message, StringComparison.Ordinal);
    }

    // To the precision of the type, against the largest value: only the order differs in which the gradients of a map with several readers are added.
    private static void AssertClose(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual, double tolerance) => Assert.All(expected, g =>
    {
        double largest = g.Value.Max(MathF.Abs), worst = g.Value.Zip(actual[g.Key]).Max(p => (double)MathF.Abs(p.First - p.Second));
        Assert.True(worst <= tolerance * largest, $"{g.Key}: {worst} of {largest}");
    });

    private static (float Loss, Dictionary<string, float[]> Gradients) Gradients(DetectorConfig config, bool checkpoint, bool half = false)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(config with { Backbone = config.Backbone with { Checkpoint = checkpoint } }, 3);
        detector.train();
        (Tensor Image, Target Target)[] scenes = [TinyDetector.Scene(0), TinyDetector.Scene(9)];
        Tensor loss;
        using (half ? Engine.Autocast(DeviceType.CPU, ScalarType.BFloat16) : null)
        {
            loss = detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], random: null).Total();
        }

        loss.backward();
        return (loss.item<float>(), detector.named_parameters().Where(p => p.parameter.grad is not null).ToDictionary(p => p.name, p => TinyDetector.Floats(p.parameter.grad!)));
    }
}
