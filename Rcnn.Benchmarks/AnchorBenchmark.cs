using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>249,405 anchors of a pyramid.</summary>
public class AnchorBenchmark
{
    private readonly AnchorGenerator _generator = OperatorInputs.Pyramid();

    [Benchmark]
    public void Grid() => _generator.Grid((800, 1248), OperatorInputs.PyramidGrids()).Dispose();
}
