using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Training;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models.Criteria;

/// <summary>Every loss reaches every parameter that trains, whatever the type of the layers and whether stages are computed twice.</summary>
public sealed class LossGradientTests
{
    private static readonly string[][] Kinds =
    [
        [],
        ["rpn.classLoss.kind=ohem", "roi.classLoss.kind=ohem", "roi.batchPerImage=16"],
        ["rpn.classLoss.kind=focal-sigmoid", "rpn.sampler=all", "roi.classLoss.kind=focal-softmax", "roi.sampler=all"],
    ];

    public static TheoryData<int, bool, bool> Cases()
    {
        var cases = new TheoryData<int, bool, bool>();
        foreach ((int kind, bool half, bool recomputed) in from k in Enumerable.Range(0, Kinds.Length) from h in new[] { false, true } from r in new[] { false, true } select (k, h, r))
        {
            cases.Add(kind, half, recomputed);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryParameterThatTrains_GetsAGradient(int kind, bool half, bool recomputed)
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = ConfigOverrides.Apply(TinyDetector.Pyramid with { Backbone = TinyDetector.Pyramid.Backbone with { BaseWidth = 32, Checkpoint = recomputed } }, Kinds[kind]);
        using TwoStageDetector detector = DetectorFactory.Create(config, 3);
        detector.train();
        (Tensor Image, Target Target)[] scenes = [TinyDetector.Scene(0), TinyDetector.Scene(9)];
        Tensor loss;
        using (half ? Engine.Autocast(DeviceType.CPU, ScalarType.BFloat16) : null)
        {
            loss = detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], new RandomStream(1)).Total();
        }

        loss.backward();
        Assert.All(detector.named_parameters().Where(p => p.parameter.requires_grad), p => Assert.True(p.parameter.grad is not null, p.name));
        Assert.All(detector.named_parameters().Where(p => p.name.StartsWith("roi_heads.", StringComparison.Ordinal)), p =>
            Assert.True(p.parameter.grad!.abs().max().item<float>() > 0, p.name));
    }

    [Fact]
    public void APassWithoutGradients_UnderAutocast_LeavesTheNextOneItsGraph()
    {
        using var scope = NewDisposeScope();
        using var layer = nn.Linear(4, 2);
        Tensor input = ones(3, 4), quiet, graph;
        using (Engine.Autocast(DeviceType.CPU, ScalarType.BFloat16))
        {
            using (Engine.WithoutGradients())
            {
                quiet = layer.call(input);
                Assert.False(is_grad_enabled());
            }

            graph = layer.call(input);
        }

        Assert.False(quiet.requires_grad);
        Assert.True(graph.requires_grad);
        Assert.Equal(TinyDetector.Floats(quiet), TinyDetector.Floats(graph));
        graph.to(ScalarType.Float32).sum().backward();
        Assert.All(TinyDetector.Floats(layer.weight.grad!), v => Assert.Equal(3, v));
        Assert.True(is_grad_enabled());
    }
}
