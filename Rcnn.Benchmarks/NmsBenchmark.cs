using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Suppression among all boxes.</summary>
public class NmsBenchmark
{
    private Tensor _boxes = null!, _scores = null!;

    [Params(1000, 6000, 20000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_boxes, _scores) = (OperatorInputs.Boxes(Count), OperatorInputs.Scores(Count));
    }

    [Benchmark]
    public void Run() => Nms.Run(_boxes, _scores, 0.7).Dispose();
}
