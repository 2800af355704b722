using BenchmarkDotNet.Attributes;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

/// <summary>Proposals of one image from 249,405 codes.</summary>
public class RpnProposalsBenchmark
{
    private Tensor[] _anchors = null!, _logits = null!, _codes = null!;

    [GlobalSetup]
    public void Setup()
    {
        Engine.Threads = 1;
        _anchors = [.. OperatorInputs.Pyramid().GridPerLevel((800, 1248), OperatorInputs.PyramidGrids())];
        _logits = [.. _anchors.Select(a => randn([1, a.shape[0]]))];
        _codes = [.. _anchors.Select(a => randn([1, a.shape[0], 4]).mul(0.1))];
    }

    [Benchmark]
    public void Select()
    {
        foreach (ScoredProposals p in RpnProposals.Select(_logits, _codes, _anchors, new BoxCoder(), [(800, 1248)], new ProposalLimits(1000, 1000)))
        {
            p.Dispose();
        }
    }
}
