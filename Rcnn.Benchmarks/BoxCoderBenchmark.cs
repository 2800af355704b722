using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Codes of 249,405 boxes.</summary>
public class BoxCoderBenchmark
{
    private readonly BoxCoder _coder = new();
    private Tensor _boxes = null!, _codes = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _boxes = OperatorInputs.Boxes(249_405);
        _codes = _coder.Encode(_boxes, _boxes);
    }

    [Benchmark]
    public void Encode() => _coder.Encode(_boxes, _boxes).Dispose();

    [Benchmark]
    public void Decode() => _coder.Decode(_codes, _boxes).Dispose();
}
