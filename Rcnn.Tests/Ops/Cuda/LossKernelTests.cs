using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Losses = Rcnn.Ops.Losses;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>Losses and their gradients, beside the CPU's path; masks.</summary>
public sealed class LossKernelTests
{
    public static TheoryData<Reduction> Reductions() => [Reduction.None, Reduction.Sum, Reduction.Mean];

    [Theory]
    [MemberData(nameof(Reductions))]
    public void Pointwise_EqualsTheCpuPath(Reduction reduction)
    {
        var random = new RandomStream(1);
        float nan = float.NaN, inf = float.PositiveInfinity;
        Tensor x = tensor([.. Inputs.Gaussian(random, 600).Select(v => 5 * v), 0, 100, -100, reduction == Reduction.None ? nan : 1, reduction == Reduction.None ? inf : 2, 88]);
        Tensor t = tensor([.. Enumerable.Range(0, 606).Select(i => i % 3 == 0 ? 1f : i % 7 == 0 ? 0.5f : 0f)]);
        foreach ((double alpha, double gamma) in ((double, double)[])[(0.25, 2), (-1, 0), (0.5, 1), (0.25, 1.5)])
        {
            Check(() => Losses.SigmoidFocal(x = Fresh(x), t, alpha, gamma, reduction), () => x, "losses_sigmoid_focal");
        }

        foreach (double beta in (double[])[0, 1.0 / 9, 1])
        {
            Check(() => Losses.SmoothL1(x = Fresh(x), t, beta, reduction), () => x, "losses_smooth_l1");
        }
    }

    [Theory]
    [MemberData(nameof(Reductions))]
    public void SoftmaxFocal_EqualsTheCpuPath(Reduction reduction)
    {
        var random = new RandomStream(2);
        Tensor z = tensor([.. Inputs.Gaussian(random, 70 * 6).Select(v => 4 * v)], [70, 6]);
        Tensor t = tensor([.. Enumerable.Range(0, 70).Select(i => i % 9 == 0 ? -100L : i % 6)]);
        foreach ((double gamma, double[]? alpha) in ((double, double[]?)[])[(2, null), (0, null), (1.5, [1, 0.5, 2, 0, 1, 3])])
        {
            Check(() => Losses.SoftmaxFocal(z = Fresh(z), t, gamma, alpha, reduction: reduction), () => z, "losses_softmax_focal");
        }
    }

    [Fact]
    public void SoftmaxFocal_TargetOutOfRange_IsNaNByKernel()
    {
        using IDisposable kernels = HostKernels.Use();
        Assert.True(float.IsNaN(Losses.SoftmaxFocal(ones([2, 3]), tensor(new long[] { 1, 3 })).item<float>()));
    }

    [Fact]
    public void NoElements_GiveWhatTheCpuGives()
    {
        Tensor none = zeros([0, 3]);
        KernelCheck.SameBits(() => [Losses.SmoothL1(none, none, 1, Reduction.Sum), Losses.SmoothL1(none, none), Losses.SigmoidFocal(none, none), Losses.SoftmaxFocal(none, zeros([0], int64))]);
    }

    [Theory]
    [InlineData(MaskPasteConvention.Torchvision, 1)]
    [InlineData(MaskPasteConvention.Torchvision, 0)]
    [InlineData(MaskPasteConvention.Detectron2, 1)]
    public void MaskPaste_EqualsTheCpuPath(MaskPasteConvention convention, int padding)
    {
        var random = new RandomStream(3);
        float nan = float.NaN, inf = float.PositiveInfinity;
        float[] boxes = [.. Inputs.Boxes(random, 8, 50, 40, 30), -10, -5, 70, 60, 5, 5, 5, 5, 20, 20, 10, 10, nan, 0, 3, 3, 0, 0, inf, 9, 1e9f, 0, 2e9f, 9, -3e9f, -3e9f, 3e9f, 3e9f, 0.5f, 0.5f, 1.5f, 1.5f];
        int count = boxes.Length / 4;
        Tensor masks = tensor([.. Enumerable.Range(0, count * 49).Select(_ => (float)random.NextDouble())], [count, 1, 7, 7]), b = Inputs.BoxTensor(boxes);
        KernelCheck.Close(() => [MaskPaste.Apply(masks, b, (41, 53), padding, convention), MaskPaste.Apply(masks[..0], b[..0], (5, 5), padding, convention)], 1e-6, 0, "mask_paste");
    }

    private static Tensor Fresh(Tensor t) => t.detach().clone().requires_grad_(true);

    private static void Check(Func<Tensor> loss, Func<Tensor> input, string kernel) => KernelCheck.Close(
        () =>
        {
            Tensor value = loss();
            value.backward([ones_like(value)]);
            return [value, input().grad!];
        },
        1e-6, 2e-6, kernel);
}
