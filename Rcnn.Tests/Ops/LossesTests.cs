using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Tests.Ops;

public sealed class LossesTests
{
    [Fact]
    public void SmoothL1_KnownValues()
    {
        Tensor input = tensor(new float[] { 0, 0.5f, 2, -3 });
        Assert.Equal([0f, 0.125f, 1.5f, 2.5f], Inputs.Floats(Losses.SmoothL1(input, zeros([4]), 1, Reduction.None)));
        Assert.Equal(4.125f, Losses.SmoothL1(input, zeros([4]), 1, Reduction.Sum).item<float>());
        Assert.Equal(5.5f / 4, Losses.SmoothL1(input, zeros([4]), 0, Reduction.Mean).item<float>());
    }

    [Fact]
    public void SigmoidFocal_AtZeroLogit_IsAQuarterOfTheCrossEntropy()
    {
        float[] loss = Inputs.Floats(Losses.SigmoidFocal(zeros([2]), tensor(new float[] { 1, 0 }), alpha: 0.25, gamma: 2));
        Inputs.Close([0.25 * 0.25 * Math.Log(2), 0.75 * 0.25 * Math.Log(2)], loss, 1e-7);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0.25, 2)]
    [InlineData(0.5, 0.5)]
    [InlineData(0.9, 1)]
    [InlineData(0.25, 3.5)]
    public void SigmoidFocal_GradientEqualsFiniteDifferencesOfTheFormula(double alpha, double gamma)
    {
        double Formula(double x, double t)
        {
            double p = 1 / (1 + Math.Exp(-x)), right = p * t + (1 - p) * (1 - t);
            double entropy = -(t * Math.Log(p) + (1 - t) * Math.Log(1 - p));
            return (alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t)) * Math.Pow(1 - right, gamma) * entropy;
        }

        float[] x = [-6, -2, -0.3f, 0.1f, 1, 4, 7, 0.5f], t = [0, 1, 1, 0, 0, 1, 0, 0.3f];
        Check(x, t, (input, target) => Losses.SigmoidFocal(input, target, alpha, gamma, Reduction.Sum), Formula);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1.0 / 9)]
    [InlineData(0)]
    public void SmoothL1_GradientEqualsFiniteDifferencesOfTheFormula(double beta) =>
        Check([-3, -0.4f, -0.05f, 0.07f, 0.6f, 2], [0, 0, 0, 0, 0.1f, -1], (input, target) => Losses.SmoothL1(input, target, beta, Reduction.Sum),
            (x, t) => Math.Abs(x - t) < beta ? 0.5 * (x - t) * (x - t) / beta : Math.Abs(x - t) - 0.5 * beta);

    [Fact]
    public void SigmoidFocal_ExtremeLogits_StayFinite()
    {
        Tensor input = tensor(new float[] { -500, 500, -500, 500 }).requires_grad_(true);
        Tensor loss = Losses.SigmoidFocal(input, tensor(new float[] { 1, 0, 0, 1 }), 0.25, 0.5, Reduction.Sum);
        loss.backward();
        Assert.Equal(0.25f * 500 + 0.75f * 500, loss.item<float>(), 2);
        Assert.Equal([-0.25f, 0.75f, 0, 0], Inputs.Floats(input.grad!));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(2)]
    [InlineData(3.7)]
    public void SigmoidFocal_LogitsOfTenThousand_HaveNoNaN(double gamma)
    {
        Tensor input = tensor(new float[] { -1e4f, 1e4f, -1e4f, 1e4f, 1e4f, -1e30f }).requires_grad_(true);
        Tensor loss = Losses.SigmoidFocal(input, tensor(new float[] { 1, 0, 0, 1, 0.5f, 0 }), 0.5, gamma, Reduction.None);
        loss.sum().backward();
        Assert.Equal([5000f, 5000, 0, 0], Inputs.Floats(loss)[..4]);
        Assert.Equal([-0.5f, 0.5f, 0, 0], Inputs.Floats(input.grad!)[..4]);
        Assert.All(Inputs.Floats(loss).Concat(Inputs.Floats(input.grad!)), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void Reductions_PassTheGradientOn()
    {
        float[] values = Inputs.Gaussian(new RandomStream(1), 60);
        Tensor a = tensor(values, [5, 12]).requires_grad_(true), b = tensor(values, [5, 12]).requires_grad_(true);
        Losses.SmoothL1(a, zeros([5, 12]), 0.3, Reduction.None).mul(3).sum().backward();
        Losses.SmoothL1(b, zeros([5, 12]), 0.3, Reduction.Mean).mul(180).backward();
        Inputs.Close([.. Inputs.Floats(a.grad!).Select(v => (double)v)], Inputs.Floats(b.grad!), 1e-5);
    }

    [Fact]
    public void Sum_SameAtAnyThreadCount()
    {
        var random = new RandomStream(2);
        Tensor input = tensor(Inputs.Gaussian(random, 100_000)), target = tensor(Inputs.Gaussian(random, 100_000));
        Inputs.SameAtAnyThreadCount(() => [Losses.SmoothL1(input, target, 1, Reduction.Sum).item<float>(), Losses.SigmoidFocal(input, target.gt(0).to(float32), reduction: Reduction.Sum).item<float>()]);
    }

    [Fact]
    public void Empty_SumIsZero_MeanIsNaN()
    {
        Tensor input = zeros([0, 4]).requires_grad_(true);
        Tensor sum = Losses.SmoothL1(input, zeros([0, 4]), 1, Reduction.Sum);
        Assert.Equal(0, sum.item<float>());
        sum.backward();
        Assert.Equal([0L, 4], input.grad!.shape);
        Assert.True(float.IsNaN(Losses.SmoothL1(zeros([0]), zeros([0])).item<float>()));
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("got [3] and [4]", Assert.Throws<ArgumentException>(() => Losses.SmoothL1(zeros([3]), zeros([4]))).Message);
        Assert.Contains("beta ≥ 0 expected, got -1", Assert.Throws<ArgumentException>(() => Losses.SmoothL1(zeros([3]), zeros([3]), -1)).Message);
        Assert.Contains("got 0.25 and -2", Assert.Throws<ArgumentException>(() => Losses.SigmoidFocal(zeros([3]), zeros([3]), 0.25, -2)).Message);
    }

    private static void Check(float[] x, float[] t, Func<Tensor, Tensor, Tensor> loss, Func<double, double, double> formula)
    {
        Tensor input = tensor(x).requires_grad_(true);
        Tensor value = loss(input, tensor(t));
        value.backward();
        Assert.Equal(x.Zip(t, (a, b) => formula(a, b)).Sum(), value.item<float>(), 1e-5);
        Inputs.Close([.. x.Zip(t, (a, b) => (formula(a + 1e-6, b) - formula(a - 1e-6, b)) / 2e-6)], Inputs.Floats(input.grad!), 1e-5);
    }
}
