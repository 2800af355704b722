using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>1000 outlines of 24 corners to run lengths.</summary>
public class PolygonBenchmark
{
    private double[][] _outlines = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _outlines = OperatorInputs.Outlines(1000);
    }

    [Benchmark]
    public Rle[] Rasterise() => [.. _outlines.Select(o => Rle.FromPolygon(o, 480, 640))];
}
