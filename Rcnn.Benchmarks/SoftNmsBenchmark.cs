using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Decay among 1000 boxes.</summary>
public class SoftNmsBenchmark
{
    private Tensor _boxes = null!, _scores = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_boxes, _scores) = (OperatorInputs.Boxes(1000), OperatorInputs.Scores(1000));
    }

    [Benchmark]
    public void Linear() => SoftNms.Run(_boxes, _scores, SoftNmsDecay.Linear()).Dispose();

    [Benchmark]
    public void Gaussian() => SoftNms.Run(_boxes, _scores, SoftNmsDecay.Gaussian()).Dispose();
}
