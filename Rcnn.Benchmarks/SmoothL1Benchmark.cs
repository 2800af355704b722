using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

public class SmoothL1Benchmark : PointwiseLossBenchmark
{
    protected override Tensor Loss(Tensor input, Tensor target) => Losses.SmoothL1(input, target, 1.0 / 9, nn.Reduction.Sum);
}
