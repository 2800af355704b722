using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Suppression within each of 80 classes.</summary>
public class BatchedNmsBenchmark
{
    private Tensor _boxes = null!, _scores = null!, _classes = null!;

    [Params(1000, 6000, 20000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_boxes, _scores, _classes) = (OperatorInputs.Boxes(Count), OperatorInputs.Scores(Count), OperatorInputs.Classes(Count, 80));
    }

    [Benchmark]
    public void Run() => Nms.Batched(_boxes, _scores, _classes, 0.5).Dispose();
}
