using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Boxes of 100 masks of 480×640.</summary>
public class MaskBoxesBenchmark
{
    private Tensor _masks = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _masks = rand([100, 480, 640]).gt(0.99).to(uint8);
    }

    [Benchmark]
    public void Around() => MaskBoxes.Around(_masks).Dispose();
}
