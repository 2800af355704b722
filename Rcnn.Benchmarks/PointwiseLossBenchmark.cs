using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>A loss over a million numbers, the value alone and with its gradient.</summary>
public abstract class PointwiseLossBenchmark
{
    private Tensor _input = null!, _target = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_input, _target) = (randn(1_000_000), rand(1_000_000).gt(0.9).to(float32));
    }

    [Benchmark]
    public void Value() => Loss(_input, _target).Dispose();

    [Benchmark]
    public void ValueAndGradient()
    {
        using DisposeScope scope = NewDisposeScope();
        _input.requires_grad_(true);
        Loss(_input, _target).backward();
        _input.grad = null;
        _input.requires_grad_(false);
    }

    /// <summary>The loss, summed.</summary>
    protected abstract Tensor Loss(Tensor input, Tensor target);
}
