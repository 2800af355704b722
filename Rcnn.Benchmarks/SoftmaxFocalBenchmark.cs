using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>10,989 rows of 91 classes, with the gradient.</summary>
public class SoftmaxFocalBenchmark
{
    private Tensor _logits = null!, _labels = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_logits, _labels) = (randn([10_989, 91]).requires_grad_(true), randint(91, [10_989], int64));
    }

    [Benchmark]
    public void ValueAndGradient()
    {
        using DisposeScope scope = NewDisposeScope();
        _logits.grad = null;
        Losses.SoftmaxFocal(_logits, _labels).backward();
        _logits.grad = null;
    }
}
