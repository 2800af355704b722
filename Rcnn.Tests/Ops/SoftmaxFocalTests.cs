using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Ops;

public sealed class SoftmaxFocalTests
{
    [Fact]
    public void EqualLogits_OfFourClasses_KnownValue()
    {
        // p = 1/4: (3/4)² ln 4.
        Assert.Equal(0.5625 * Math.Log(4), Losses.SoftmaxFocal(zeros([3, 4]), tensor(new long[] { 0, 3, 1 })).item<float>(), 1e-6);
        Inputs.Close([0.5 * 0.5625 * Math.Log(4), 2 * 0.5625 * Math.Log(4), 0],
            Inputs.Floats(Losses.SoftmaxFocal(zeros([3, 4]), tensor(new long[] { 0, 3, -100 }), alpha: [0.5, 1, 1, 2], reduction: Reduction.None)), 1e-6);
    }

    [Fact]
    public void GammaZero_IsTheCrossEntropy_WithItsGradient()
    {
        float[] values = Inputs.Gaussian(new RandomStream(1), 7 * 91);
        Tensor a = tensor(values, [7, 91]).requires_grad_(true), b = tensor(values, [7, 91]).requires_grad_(true);
        Tensor target = tensor(new long[] { 0, 90, 5, -100, 33, -100, 7 });
        Tensor ours = Losses.SoftmaxFocal(a, target, gamma: 0), theirs = F.cross_entropy(b, target);
        ours.backward();
        theirs.backward();
        Assert.Equal(theirs.item<float>(), ours.item<float>(), 1e-5);
        Inputs.Close([.. Inputs.Floats(b.grad!).Select(v => (double)v)], Inputs.Floats(a.grad!), 1e-7);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.5, true)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(3.7, false)]
    public void ValueAndGradient_EqualTheFormulaAndItsFiniteDifferences(double gamma, bool weighted)
    {
        const int Rows = 9, Classes = 5;
        double[]? alpha = weighted ? [0.25, 1, 2, 0, 0.7] : null;
        float[] z = [.. Inputs.Gaussian(new RandomStream(2), Rows * Classes).Select(v => 4 * v)];
        long[] target = [0, 1, 2, 3, 4, 0, 1, 2, 4];
        double Row(double[] x, long t)
        {
            double p = Math.Exp(x[t]) / x.Sum(Math.Exp);
            return -(alpha?[t] ?? 1) * Math.Pow(1 - p, gamma) * Math.Log(p);
        }

        var expected = new double[z.Length];
        double[] values = new double[Rows];
        for (int i = 0; i < Rows; i++)
        {
            double[] row = [.. z.AsSpan(i * Classes, Classes).ToArray().Select(v => (double)v)];
            values[i] = Row(row, target[i]);
            for (int j = 0; j < Classes; j++)
            {
                double[] up = [.. row], down = [.. row];
                (up[j], down[j]) = (up[j] + 1e-5, down[j] - 1e-5);
                expected[i * Classes + j] = (i + 1) * (Row(up, target[i]) - Row(down, target[i])) / 2e-5;
            }
        }

        Tensor input = tensor(z, [Rows, Classes]).requires_grad_(true);
        Tensor loss = Losses.SoftmaxFocal(input, tensor(target), gamma, alpha, reduction: Reduction.None);
        Inputs.Close(values, Inputs.Floats(loss), 1e-6);
        // Row i weighs i + 1.
        loss.mul(arange(1, Rows + 1, float32)).sum().backward();
        Inputs.Close(expected, Inputs.Floats(input.grad!), 1e-5);
        Assert.Equal(values.Sum(), Losses.SoftmaxFocal(input, tensor(target), gamma, alpha, reduction: Reduction.Sum).item<float>(), 1e-4);
    }

    [Fact]
    public void MeanGradient_IsTheSumsOverTheRowsThatCount()
    {
        float[] values = Inputs.Gaussian(new RandomStream(4), 6 * 3);
        Tensor a = tensor(values, [6, 3]).requires_grad_(true), b = tensor(values, [6, 3]).requires_grad_(true);
        Tensor target = tensor(new long[] { 0, 1, 255, 2, 255, 0 });
        Losses.SoftmaxFocal(a, target, ignoreIndex: 255, reduction: Reduction.Sum).div(4).backward();
        Losses.SoftmaxFocal(b, target, ignoreIndex: 255, reduction: Reduction.Mean).backward();
        Inputs.Close([.. Inputs.Floats(a.grad!).Select(v => (double)v)], Inputs.Floats(b.grad!), 1e-8);
        Assert.All(Inputs.Floats(b.grad!)[6..9], g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(2)]
    public void ExtremeLogits_StayFinite(double gamma)
    {
        Tensor input = tensor(new float[] { 1e4f, -1e4f, 0, 1e4f, -1e4f, 0, float.NegativeInfinity, 0, 1 }, [3, 3]).requires_grad_(true);
        Tensor loss = Losses.SoftmaxFocal(input, tensor(new long[] { 0, 1, 2 }), gamma, reduction: Reduction.None);
        loss.sum().backward();
        Assert.Equal(0, Inputs.Floats(loss)[0]);
        Assert.Equal(20000, Inputs.Floats(loss)[1]);
        float[] gradient = Inputs.Floats(input.grad!);
        Assert.All(gradient, g => Assert.True(float.IsFinite(g)));
        Assert.Equal([0f, 0, 0, 1, -1, 0, 0], gradient[..7]);
    }

    [Fact]
    public void SureRow_KeepsItsSmallLoss()
    {
        // 1 − p = e^-20 to the last digits, where 1 − p in float32 would be 0.
        double q = 1 / (1 + Math.Exp(20));
        float loss = Losses.SoftmaxFocal(tensor(new float[] { 20, 0 }, [1, 2]), tensor(new long[] { 0 }), gamma: 1).item<float>();
        Assert.Equal(1, loss / (q * q), 1e-5);
    }

    [Fact]
    public void NaN_StaysInItsRow()
    {
        Tensor input = tensor(new float[] { 0, float.NaN, 1, 2, 0, float.PositiveInfinity }, [3, 2]).requires_grad_(true);
        Tensor loss = Losses.SoftmaxFocal(input, tensor(new long[] { 0, 1, 0 }), reduction: Reduction.None);
        loss.backward([ones([3])]);
        Assert.Equal([true, false, true], Inputs.Floats(loss).Select(float.IsNaN));
        Assert.Equal([true, true, false, false, true, true], Inputs.Floats(input.grad!).Select(float.IsNaN));
    }

    [Fact]
    public void View_GivesTheGradientThroughIt()
    {
        float[] values = Inputs.Gaussian(new RandomStream(5), 4 * 6);
        Tensor plain = tensor(values, [4, 6]).t().contiguous().requires_grad_(true), turned = tensor(values, [4, 6]).requires_grad_(true);
        Tensor target = tensor(new long[] { 3, 0, 1, 0, 2, 0, 0, 0, 3, 0, 1, 0 }).view(6, 2).select(1, 0);
        Losses.SoftmaxFocal(plain, target).backward();
        Losses.SoftmaxFocal(turned.t(), target).backward();
        Assert.Equal(Inputs.Floats(plain.grad!.t()), Inputs.Floats(turned.grad!));
    }

    [Fact]
    public void SameAtAnyThreadCount()
    {
        var random = new RandomStream(6);
        Tensor input = tensor(Inputs.Gaussian(random, 3000 * 21), [3000, 21]).requires_grad_(true);
        Tensor target = tensor(Enumerable.Range(0, 3000).Select(_ => (long)random.NextInt(21)).ToArray());
        Inputs.SameAtAnyThreadCount(() =>
        {
            input.grad = null;
            Tensor loss = Losses.SoftmaxFocal(input, target);
            loss.backward();
            return [loss.item<float>(), .. Inputs.Floats(input.grad!)];
        });
    }

    [Fact]
    public void NothingToLearnFrom_SumIsZero_MeanIsNaN()
    {
        Tensor empty = zeros([0, 5]).requires_grad_(true);
        Tensor sum = Losses.SoftmaxFocal(empty, zeros([0], int64), reduction: Reduction.Sum);
        sum.backward();
        Assert.Equal((0f, 0L), (sum.item<float>(), empty.grad!.numel()));
        Tensor ignored = zeros([2, 5]).requires_grad_(true);
        Tensor mean = Losses.SoftmaxFocal(ignored, full([2], -100, int64));
        Assert.True(float.IsNaN(mean.item<float>()));
        Losses.SoftmaxFocal(ignored, full([2], -100, int64), reduction: Reduction.Sum).backward();
        Assert.All(Inputs.Floats(ignored.grad!), g => Assert.Equal(0, g));
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("target[1] in 0…2 or -100 expected, got 3",
            Assert.Throws<ArgumentException>(() => Losses.SoftmaxFocal(zeros([2, 3]), tensor(new long[] { 0, 3 }))).Message);
        Assert.Contains("target [2] expected, got [3]", Assert.Throws<ArgumentException>(() => Losses.SoftmaxFocal(zeros([2, 3]), zeros([3], int64))).Message);
        Assert.Contains("logits [N,C] expected, got [3]", Assert.Throws<ArgumentException>(() => Losses.SoftmaxFocal(zeros([3]), zeros([3], int64))).Message);
        Assert.Contains("gamma ≥ 0 expected, got -1", Assert.Throws<ArgumentException>(() => Losses.SoftmaxFocal(zeros([2, 3]), zeros([2], int64), -1)).Message);
        Assert.Contains("alpha of 3 weights ≥ 0 expected, got [1, 2]", Assert.Throws<ArgumentException>(() => Losses.SoftmaxFocal(zeros([2, 3]), zeros([2], int64), alpha: [1, 2])).Message);
    }
}
