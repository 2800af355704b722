using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Suppression among all boxes and per class.</summary>
public class NmsBenchmark
{
    private Tensor _boxes = null!, _scores = null!, _classes = null!;

    [Params(1000, 6000, 20000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_boxes, _scores) = (OperatorInputs.Boxes(Count), OperatorInputs.Scores(Count));
        _classes = tensor(Enumerable.Range(0, Count).Select(i => (long)(i % 80)).ToArray(), int64);
    }

    [Benchmark]
    public void Plain() => Nms.Run(_boxes, _scores, 0.7).Dispose();

    [Benchmark]
    public void Batched() => Nms.Batched(_boxes, _scores, _classes, 0.5).Dispose();
}
