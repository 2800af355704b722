using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>249,405 anchors against 20 ground-truth boxes.</summary>
public class MatcherBenchmark
{
    private Tensor _anchors = null!, _truths = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _anchors = OperatorInputs.Pyramid().Grid((800, 1248), OperatorInputs.PyramidGrids());
        _truths = OperatorInputs.Boxes(20, 1248, 800, 20, 400);
    }

    [Benchmark]
    public void Match() => new Matcher(0.7, 0.3, true).Match(_anchors, _truths).Dispose();
}
