using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Detections from 1000 RoIs of 91 classes.</summary>
public class BoxPostProcessBenchmark
{
    private Tensor _logits = null!, _codes = null!, _proposals = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_logits, _codes, _proposals) = (randn([1000, 91]).mul(3), randn([1000, 364]), OperatorInputs.Boxes(1000));
    }

    [Benchmark]
    public void Run()
    {
        foreach (ScoredDetections d in BoxPostProcess.Run(_logits, _codes, [_proposals], [(480, 640)], new BoxCoder([10, 10, 5, 5]), new DetectionLimits()))
        {
            d.Dispose();
        }
    }
}
