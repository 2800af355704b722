using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Losses over a million numbers: values, and logits of 10,989 rows of 91 classes with their gradient.</summary>
public class LossBenchmark
{
    private Tensor _input = null!, _target = null!, _logits = null!, _labels = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_input, _target) = (randn(1_000_000), rand(1_000_000).gt(0.9).to(float32));
        (_logits, _labels) = (randn([10_989, 91]).requires_grad_(true), randint(91, [10_989], int64));
    }

    [Benchmark]
    public void SmoothL1() => Losses.SmoothL1(_input, _target, 1.0 / 9, nn.Reduction.Sum).Dispose();

    [Benchmark]
    public void SigmoidFocal() => Losses.SigmoidFocal(_input, _target, reduction: nn.Reduction.Sum).Dispose();

    [Benchmark]
    public void BalancedL1() => Losses.BalancedL1(_input, _target, reduction: nn.Reduction.Sum).Dispose();

    [Benchmark]
    public void SoftmaxFocal()
    {
        using DisposeScope scope = NewDisposeScope();
        _logits.grad = null;
        Losses.SoftmaxFocal(_logits, _labels).backward();
    }
}
