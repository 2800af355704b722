using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

public class SigmoidFocalBenchmark : PointwiseLossBenchmark
{
    protected override Tensor Loss(Tensor input, Tensor target) => Losses.SigmoidFocal(input, target, reduction: nn.Reduction.Sum);
}
