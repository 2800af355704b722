using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Benchmarks;

public class RoiAlignMaxBenchmark : RoiBenchmark
{
    protected override Tensor Pool(Tensor input, Tensor rois) => RoiAlign.Apply(input, rois, 7, 7, 0.25, 2, aligned: false, reduction: BinReduction.Max);
}
