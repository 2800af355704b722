using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Pairwise overlaps and codes.</summary>
public class BoxBenchmark
{
    private Tensor _many = null!, _few = null!, _codes = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_many, _few) = (OperatorInputs.Boxes(2000), OperatorInputs.Boxes(200));
        _codes = new BoxCoder().Encode(_many, _many);
    }

    [Benchmark]
    public void Iou() => BoxOps.Iou(_many, _few).Dispose();

    [Benchmark]
    public void GeneralizedIou() => BoxOps.GeneralizedIou(_many, _few).Dispose();

    [Benchmark]
    public void Decode() => new BoxCoder().Decode(_codes, _many).Dispose();
}
