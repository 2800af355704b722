using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

public class RoiPoolBenchmark : RoiBenchmark
{
    protected override Tensor Pool(Tensor input, Tensor rois) => RoiPool.Apply(input, rois, 7, 7, 0.25);
}
