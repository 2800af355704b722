using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>600 detections of three sources, 20 classes.</summary>
public class WeightedBoxFusionBenchmark
{
    private ScoredDetections[] _sources = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _sources = [.. new[] { 300, 200, 100 }.Select(n => new ScoredDetections(OperatorInputs.Boxes(n), OperatorInputs.Scores(n), OperatorInputs.Classes(n, 20)))];
    }

    [Benchmark]
    public void Run() => WeightedBoxFusion.Run(_sources).Dispose();
}
