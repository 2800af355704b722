using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Pooling of 1000 RoIs on 256 channels of 120×160, forward and with the gradient.</summary>
public abstract class RoiBenchmark
{
    private Tensor _input = null!, _rois = null!, _gradient = null!;

    [Params(false, true)]
    public bool ChannelsLast { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        Tensor map = rand(1, 256, 120, 160);
        _input = (ChannelsLast ? Engine.ChannelsLast(map) : map).detach();
        _rois = OperatorInputs.Rois(1000);
        _gradient = ones_like(Pool());
    }

    [Benchmark]
    public void Forward()
    {
        using Tensor output = Pool();
    }

    [Benchmark]
    public void ForwardAndBackward()
    {
        using DisposeScope scope = NewDisposeScope();
        _input.requires_grad_(true);
        Pool().backward([_gradient]);
        _input.grad = null;
        _input.requires_grad_(false);
    }

    private Tensor Pool() => Pool(_input, _rois);

    /// <summary>The operator, 7×7 bins at scale 1/4.</summary>
    protected abstract Tensor Pool(Tensor input, Tensor rois);
}
