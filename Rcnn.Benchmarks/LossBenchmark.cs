using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Losses over a million numbers.</summary>
public class LossBenchmark
{
    private Tensor _input = null!, _target = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_input, _target) = (randn(1_000_000), rand(1_000_000).gt(0.9).to(float32));
    }

    [Benchmark]
    public void SmoothL1() => Losses.SmoothL1(_input, _target, 1.0 / 9, nn.Reduction.Sum).Dispose();

    [Benchmark]
    public void SigmoidFocal() => Losses.SigmoidFocal(_input, _target, reduction: nn.Reduction.Sum).Dispose();
}
