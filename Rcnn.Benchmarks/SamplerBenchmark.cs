using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>256 of 249,405 anchors.</summary>
public class SamplerBenchmark
{
    private Tensor _labels = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _labels = rand(249_405).gt(0.999).to(int64);
    }

    [Benchmark]
    public void Balanced() => new BalancedSampler(256, 0.5).Sample(_labels, new RandomStream(0)).Dispose();

    [Benchmark]
    public void ClassBalanced() => new ClassBalancedSampler(256, 0.5).Sample(_labels, new RandomStream(0)).Dispose();
}
