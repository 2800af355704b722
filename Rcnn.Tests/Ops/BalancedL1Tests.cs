using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Tests.Ops;

public sealed class BalancedL1Tests
{
    [Fact]
    public void PaperConstants_KnownValues()
    {
        // b = e³ − 1; at |d| = 1 the value is γ + γ/b − α and the slope γ; at 0 both are 0.
        double b = Math.Exp(3) - 1;
        Tensor input = tensor(new float[] { 0, 1, -3 }).requires_grad_(true);
        Tensor loss = Losses.BalancedL1(input, zeros([3]), reduction: Reduction.None);
        Inputs.Close([0, 1 + 1.5 / b, 4 + 1.5 / b], Inputs.Floats(loss), 1e-6);
        loss.sum().backward();
        Assert.Equal([0f, 1.5f, -1.5f], Inputs.Floats(input.grad!));
    }

    [Theory]
    [InlineData(0.5, 1.5, 1)]
    [InlineData(0.2, 1, 0.3)]
    [InlineData(2, 0.5, 4)]
    public void ValueAndGradient_EqualTheIntegralOfTheGradientFormula(double alpha, double gamma, double beta)
    {
        double b = Math.Exp(gamma / alpha) - 1;
        double Slope(double d) => Math.Abs(d) < beta ? alpha * Math.Log(b * Math.Abs(d) / beta + 1) * Math.Sign(d) : gamma * Math.Sign(d);
        float[] x = [-7, -1.5f, -0.2999f, -0.05f, 1e-5f, 0.02f, 0.3f, 0.99f, 1, 3.9f, 5];
        Tensor input = tensor(x).requires_grad_(true);
        Tensor loss = Losses.BalancedL1(input, zeros_like(input), alpha, gamma, beta, Reduction.None);
        loss.sum().backward();
        Inputs.Close([.. x.Select(d => Slope(d))], Inputs.Floats(input.grad!), 1e-7);
        // Simpson's rule over pieces that end at the bend.
        double Integral(double to)
        {
            double bend = Math.Min(to, beta), sum = 0;
            foreach ((double from, double end) in new[] { (0, bend), (bend, to) })
            {
                const int Pieces = 4000;
                double h = (end - from) / Pieces;
                for (int i = 0; i < Pieces; i++)
                {
                    double a = from + i * h;
                    // The slope at the bend is the same from both sides.
                    sum += h / 6 * (Slope(a) + 4 * Slope(a + h / 2) + Slope(a + h));
                }
            }

            return sum;
        }

        Inputs.Close([.. x.Select(d => Integral(Math.Abs((double)d)))], Inputs.Floats(loss), 1e-9, 1e-6);
    }

    [Fact]
    public void SeriesNearZero_MeetsTheFormula()
    {
        // Either side of where the series ends: u = b·d = 1e-3.
        double edge = 1e-3 / (Math.Exp(3) - 1);
        Tensor input = tensor(new float[] { (float)(0.999 * edge), (float)(1.001 * edge) });
        float[] loss = Inputs.Floats(Losses.BalancedL1(input, zeros([2]), reduction: Reduction.None));
        Assert.Equal(Math.Pow(1.001 / 0.999, 2), loss[1] / (double)loss[0], 1e-5);
    }

    [Fact]
    public void HugeAndNaN_StayWhatTheyAre()
    {
        Tensor input = tensor(new float[] { MathF.ScaleB(1, 100), float.NegativeInfinity, float.NaN }).requires_grad_(true);
        Tensor loss = Losses.BalancedL1(input, zeros([3]), reduction: Reduction.None);
        Assert.Equal(1.5f * MathF.ScaleB(1, 100), Inputs.Floats(loss)[0]);
        Assert.Equal(float.PositiveInfinity, Inputs.Floats(loss)[1]);
        Assert.True(float.IsNaN(Inputs.Floats(loss)[2]));
        loss.backward([ones([3])]);
        Assert.Equal([1.5f, -1.5f, float.NaN], Inputs.Floats(input.grad!));
    }

    [Fact]
    public void View_GivesTheGradientThroughIt()
    {
        float[] values = Inputs.Gaussian(new RandomStream(3), 60);
        Tensor plain = tensor(values, [5, 12]).requires_grad_(true), turned = tensor(values, [5, 12]).requires_grad_(true);
        Losses.BalancedL1(plain, ones([5, 12]), reduction: Reduction.Sum).backward();
        Losses.BalancedL1(turned.t(), ones([12, 5]), reduction: Reduction.Sum).backward();
        Assert.Equal(Inputs.Floats(plain.grad!), Inputs.Floats(turned.grad!));
    }

    [Fact]
    public void SmoothL1Sigma_IsCaffesForm()
    {
        float[] x = [-3, -0.1f, 0.05f, 0.2f];
        double[] expected = [.. x.Select(d => Math.Abs(d) < 1.0 / 9 ? 0.5 * 9 * d * d : Math.Abs(d) - 0.5 / 9)];
        Inputs.Close(expected, Inputs.Floats(Losses.SmoothL1Sigma(tensor(x), zeros([4]), 3, Reduction.None)), 1e-7);
        Assert.Equal([3f, 0.1f, 0.05f, 0.2f], Inputs.Floats(Losses.L1(tensor(x), zeros([4]), Reduction.None)));
    }

    [Fact]
    public void WrongParameters_AreNamed()
    {
        Assert.Contains("got 0, 1.5, 1", Assert.Throws<ArgumentException>(() => Losses.BalancedL1(zeros([3]), zeros([3]), alpha: 0)).Message);
        Assert.Contains("got 0.01, 1.5, 1", Assert.Throws<ArgumentException>(() => Losses.BalancedL1(zeros([3]), zeros([3]), alpha: 0.01)).Message);
        Assert.Contains("sigma > 0 expected, got -3", Assert.Throws<ArgumentException>(() => Losses.SmoothL1Sigma(zeros([3]), zeros([3]), -3)).Message);
    }
}
