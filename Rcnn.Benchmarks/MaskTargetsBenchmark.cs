using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Targets of 128 boxes from 20 masks of 480×640.</summary>
public class MaskTargetsBenchmark
{
    private Tensor _masks = null!, _boxes = null!, _matched = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_masks, _boxes, _matched) = (rand([20, 480, 640]).gt(0.5).to(uint8), OperatorInputs.Boxes(128), OperatorInputs.Classes(128, 20));
    }

    [Benchmark]
    public void Of() => MaskTargets.Of(_masks, _boxes, _matched, 28).Dispose();
}
