using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>100 soft masks of 28×28 into 480×640.</summary>
public class MaskPasteBenchmark
{
    private Tensor _soft = null!, _boxes = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        (_soft, _boxes) = (rand([100, 1, 28, 28]), OperatorInputs.Boxes(100));
    }

    [Benchmark]
    public void Paste() => MaskPaste.Apply(_soft, _boxes, (480, 640)).Dispose();

    [Benchmark]
    public Rle[] PasteEncoded() => MaskPaste.Encode(_soft, _boxes, (480, 640));
}
