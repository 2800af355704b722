using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Proposals of one image from 249,405 codes, and detections from 1000 RoIs of 91 classes.</summary>
public class ProposalBenchmark
{
    private Tensor[] _anchors = null!, _logits = null!, _codes = null!;
    private Tensor _classLogits = null!, _classCodes = null!, _proposals = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _anchors = [.. OperatorInputs.Pyramid().GridPerLevel((800, 1248), OperatorInputs.PyramidGrids())];
        _logits = [.. _anchors.Select(a => randn([1, a.shape[0]]))];
        _codes = [.. _anchors.Select(a => randn([1, a.shape[0], 4]).mul(0.1))];
        (_classLogits, _classCodes, _proposals) = (randn([1000, 91]).mul(3), randn([1000, 364]), OperatorInputs.Boxes(1000));
    }

    [Benchmark]
    public void Proposals()
    {
        foreach (ScoredProposals p in RpnProposals.Select(_logits, _codes, _anchors, new BoxCoder(), [(800, 1248)], new ProposalLimits(1000, 1000)))
        {
            p.Dispose();
        }
    }

    [Benchmark]
    public void Detections()
    {
        foreach (ScoredDetections d in BoxPostProcess.Run(_classLogits, _classCodes, [_proposals], [(480, 640)], new BoxCoder([10, 10, 5, 5]), new DetectionLimits()))
        {
            d.Dispose();
        }
    }
}
