using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Stage2Regions;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class TruncatedLinearTests
{
    [Theory]
    [InlineData(40, 24)]
    [InlineData(24, 40)]
    public void Apply_AtFullRank_IsTheLayer(int inputs, int outputs)
    {
        using var scope = NewDisposeScope();
        var full = nn.Linear(inputs, outputs);
        using var thin = new TruncatedLinear(full, 24);
        Tensor input = randn(7, inputs);
        Assert.Equal(0, thin.RelativeError);
        Assert.True(full.call(input).sub(thin.Apply(input)).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void Apply_AtTheRankOfTheWeights_IsTheLayer()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        var full = nn.Linear(30, 20);
        full.weight.copy_(randn(20, 3).mm(randn(3, 30)));
        using TruncatedLinear exact = new(full, 3), less = new(full, 2);
        Tensor input = randn(7, 30);
        Assert.True(exact.RelativeError < 1e-6);
        Assert.True(full.call(input).sub(exact.Apply(input)).abs().max().item<float>() < 1e-4);
        Assert.True(less.RelativeError > 0.05);
    }

    [Fact]
    public void RelativeError_FallsWithTheRank_AndIsThatOfTheWeights()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        var full = nn.Linear(30, 20);
        full.bias!.zero_();
        double before = 1;
        for (int rank = 1; rank <= 20; rank++)
        {
            using var thin = new TruncatedLinear(full, rank);
            // The rows of the identity give the columns of the product of both layers.
            double error = thin.Apply(eye(30)).sub(full.weight.t()).norm().item<float>() / full.weight.norm().item<float>();
            Assert.Equal(error, thin.RelativeError, 1e-5);
            Assert.True(error < before, $"rank {rank}: {error} after {before}");
            before = error;
        }
    }

    [Fact]
    public void ApplyTo_TruncatesForDetection_AndBringsTheLayersBack()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 0);
        detector.eval();
        Tensor image = TinyDetector.Scene(0).Image;
        string[] names = [.. detector.state_dict().Keys];
        float[] whole = TinyDetector.Floats(detector.Detect([image])[0].Scores), full, few;
        var lines = new List<string>();
        using (FullyConnectedRanks.Parse("fc6=64,fc7=64").ApplyTo(detector, lines.Add))
        {
            full = TinyDetector.Floats(detector.Detect([image])[0].Scores);
            Assert.Equal(names, detector.state_dict().Keys);
        }

        using (FullyConnectedRanks.Parse("fc6=0.1").ApplyTo(detector, lines.Add))
        {
            few = TinyDetector.Floats(detector.Detect([image])[0].Scores);
        }

        Assert.Equal(whole, TinyDetector.Floats(detector.Detect([image])[0].Scores));
        Assert.Equal(whole.Length, full.Length);
        Assert.All(whole.Zip(full), p => Assert.Equal(p.First, p.Second, 1e-4));
        Assert.NotEqual(whole, few);
        Assert.Equal(3, lines.Count);
        Assert.StartsWith("fc6 [64,784]: rank 6 of 64", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fc8=3")]
    [InlineData("fc6")]
    [InlineData("fc6=0")]
    [InlineData("fc6=2.5")]
    [InlineData("fc6=1024,fc7=x")]
    public void Parse_OfAnythingElse_NamesIt(string text) =>
        Assert.EndsWith($"got '{text.Split(',')[^1]}'", Assert.Throws<RcnnException>(() => FullyConnectedRanks.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void ApplyTo_OfARankAboveTheLayers_OrAnotherHead_SaysSo()
    {
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 0);
        Assert.Contains("at most 64 expected, got 65", Assert.Throws<RcnnException>(() => FullyConnectedRanks.Parse("fc7=65").ApplyTo(detector)).Message, StringComparison.Ordinal);
        using TwoStageDetector other = DetectorFactory.Create(TinyDetector.Pyramid with { Roi = TinyDetector.Pyramid.Roi with { Head = "conv-fc", HeadConvolutions = [4] } }, 0);
        Assert.Contains("got conv-fc", Assert.Throws<RcnnException>(() => FullyConnectedRanks.Parse("fc7=6").ApplyTo(other)).Message, StringComparison.Ordinal);
    }
}
