using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>1000 RoIs over a pyramid of four levels, 256 channels.</summary>
public class MultiScaleRoiPoolingBenchmark
{
    private Tensor[] _maps = null!;
    private Tensor _boxes = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _maps = [.. new[] { 4, 8, 16, 32 }.Select(s => rand(1, 256, 480 / s, 640 / s))];
        _boxes = OperatorInputs.Boxes(1000);
    }

    [Benchmark]
    public void RoiAlign() => new MultiScaleRoiAlign(7, 7, 2).Apply(_maps, [_boxes], [(480, 640)]).Dispose();
}
