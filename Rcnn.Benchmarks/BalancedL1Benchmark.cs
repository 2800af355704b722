using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

public class BalancedL1Benchmark : PointwiseLossBenchmark
{
    protected override Tensor Loss(Tensor input, Tensor target) => Losses.BalancedL1(input, target, reduction: nn.Reduction.Sum);
}
