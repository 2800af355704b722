using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Overlap losses of 10,000 pairs of boxes, with their gradient.</summary>
public class BoxLossBenchmark
{
    private Tensor _boxes = null!, _truths = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _boxes = OperatorInputs.Boxes(10_000).requires_grad_(true);
        _truths = OperatorInputs.Boxes(10_000).add(3);
    }

    [Benchmark]
    public void Iou() => Step(BoxLosses.Iou(_boxes, _truths, nn.Reduction.Sum));

    [Benchmark]
    public void Generalized() => Step(BoxLosses.Generalized(_boxes, _truths, nn.Reduction.Sum));

    [Benchmark]
    public void Distance() => Step(BoxLosses.Distance(_boxes, _truths, nn.Reduction.Sum));

    [Benchmark]
    public void Complete() => Step(BoxLosses.Complete(_boxes, _truths, nn.Reduction.Sum));

    private void Step(Tensor loss)
    {
        loss.backward();
        loss.Dispose();
        _boxes.grad?.Dispose();
        _boxes.grad = null;
    }
}
