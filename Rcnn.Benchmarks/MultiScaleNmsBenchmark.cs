using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>600 detections of three copies, 20 classes.</summary>
public class MultiScaleNmsBenchmark
{
    private ScaleDetections[] _copies = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _copies = [.. new[] { 300, 200, 100 }.Select(n => new ScaleDetections(OperatorInputs.Boxes(n), OperatorInputs.Scores(n), OperatorInputs.Classes(n, 20)))];
    }

    [Benchmark]
    public void Run() => MultiScaleNms.Run(_copies, 0.5).Dispose();
}
