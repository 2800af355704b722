using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Hard examples among 2000 regions, and hard negatives among 249,405 anchors.</summary>
public class HardExamplesBenchmark
{
    private Tensor _boxes = null!, _loss = null!, _anchorLoss = null!, _labels = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_boxes, _loss) = (OperatorInputs.Boxes(2000), rand(2000));
        (_anchorLoss, _labels) = (rand(249_405), rand(249_405).gt(0.9999).to(int64));
    }

    [Benchmark]
    public void Top() => HardExamples.Top(_loss, 128).Dispose();

    [Benchmark]
    public void TopAfterNms() => HardExamples.TopAfterNms(_boxes, _loss, 128).Dispose();

    [Benchmark]
    public void Negatives() => HardExamples.Negatives(_anchorLoss, _labels).Dispose();
}
