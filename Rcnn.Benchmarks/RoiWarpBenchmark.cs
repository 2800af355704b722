using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

public class RoiWarpBenchmark : RoiBenchmark
{
    protected override Tensor Pool(Tensor input, Tensor rois) => RoiWarp.Apply(input, rois, 7, 7, 0.25);
}
