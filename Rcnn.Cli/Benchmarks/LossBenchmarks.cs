using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Cli.Benchmarks;

/// <summary>Losses with their gradients, and the choice of hard examples.</summary>
internal static class LossBenchmarks
{
    public static IReadOnlyList<IBenchmark> All() =>
    [
        Pointwise("balanced_l1_1000000", (input, target) => Losses.BalancedL1(input, target, reduction: Reduction.Sum)),
        Pointwise("sigmoid_focal_1000000", (input, target) => Losses.SigmoidFocal(input, target, reduction: Reduction.Sum)),
        OperatorBenchmarks.Simple("softmax_focal_10000x91", "forward and backward", random =>
        {
            Tensor logits = tensor(Gaussian(random, 910_000), [10_000, 91]).requires_grad_(true);
            Tensor target = tensor(Enumerable.Range(0, 10_000).Select(_ => (long)random.NextInt(91)).ToArray(), int64);
            return () => Backward(logits, Losses.SoftmaxFocal(logits, target));
        }),
        OperatorBenchmarks.Simple("ohem_2000", "NMS 0.7 by loss, 128 taken", random =>
        {
            Tensor boxes = OperatorBenchmarks.Boxes(random, 2000), loss = tensor(Gaussian(random, 2000)).abs();
            return () => HardExamples.TopAfterNms(boxes, loss, 128);
        }),
    ];

    private static IBenchmark Pointwise(string name, Func<Tensor, Tensor, Tensor> loss) => OperatorBenchmarks.Simple(name, "forward and backward", random =>
    {
        Tensor input = tensor(Gaussian(random, 1_000_000)).requires_grad_(true);
        Tensor target = tensor(Gaussian(random, 1_000_000)).gt(0).to(float32);
        return () => Backward(input, loss(input, target));
    });

    private static Tensor Backward(Tensor input, Tensor loss)
    {
        input.grad = null;
        loss.backward();
        return loss;
    }

    private static float[] Gaussian(RandomStream random, int count)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)random.NextGaussian();
        }

        return values;
    }
}
