using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Overlaps of 2000 × 200 boxes.</summary>
public class IouBenchmark
{
    private Tensor _many = null!, _few = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_many, _few) = (OperatorInputs.Boxes(2000), OperatorInputs.Boxes(200));
    }

    [Benchmark]
    public void Iou() => BoxOps.Iou(_many, _few).Dispose();

    [Benchmark]
    public void GeneralizedIou() => BoxOps.GeneralizedIou(_many, _few).Dispose();

    [Benchmark]
    public void DistanceIou() => BoxOps.DistanceIou(_many, _few).Dispose();

    [Benchmark]
    public void CompleteIou() => BoxOps.CompleteIou(_many, _few).Dispose();
}
