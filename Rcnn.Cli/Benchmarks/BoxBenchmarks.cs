using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Cli.Benchmarks;

/// <summary>Losses of overlap with their gradients, pairwise CIoU, and the fusions.</summary>
internal static class BoxBenchmarks
{
    public static IReadOnlyList<IBenchmark> All() =>
    [
        Loss("giou_loss_10000", BoxLosses.Generalized),
        Loss("diou_loss_10000", BoxLosses.Distance),
        Loss("ciou_loss_10000", BoxLosses.Complete),
        OperatorBenchmarks.Simple("complete_box_iou_2000x200", "", random =>
        {
            Tensor a = OperatorBenchmarks.Boxes(random, 2000), b = OperatorBenchmarks.Boxes(random, 200);
            return () => BoxOps.CompleteIou(a, b);
        }),
        OperatorBenchmarks.Simple("soft_nms_1000", "Gaussian, sigma 0.5, score threshold 0.001", random =>
        {
            Tensor boxes = OperatorBenchmarks.Boxes(random, 1000), scores = tensor(Enumerable.Range(0, 1000).Select(_ => (float)random.NextDouble()).ToArray());
            return () => SoftNms.Run(boxes, scores, SoftNmsDecay.Gaussian());
        }),
    ];

    private static IBenchmark Loss(string name, Func<Tensor, Tensor, Reduction, double, Tensor> loss) => OperatorBenchmarks.Simple(name, "forward and backward", random =>
    {
        Tensor a = OperatorBenchmarks.Boxes(random, 10_000).requires_grad_(true), b = OperatorBenchmarks.Boxes(random, 10_000);
        return () =>
        {
            a.grad = null;
            Tensor sum = loss(a, b, Reduction.Sum, 1e-7);
            sum.backward();
            return sum;
        };
    });
}
