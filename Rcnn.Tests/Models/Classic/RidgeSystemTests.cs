using Rcnn.Core.Models.Classic;
using Rcnn.Ops;

namespace Rcnn.Tests.Models.Classic;

public sealed class RidgeSystemTests
{
    [Theory]
    [InlineData(1, 9, 1)]
    [InlineData(17, 60, 0.5)]
    [InlineData(40, 60, 1000)]
    [InlineData(60, 23, 30)]
    public void Dual_EqualsPrimal_WeightOfTheConstantIncluded(int count, int width, double lambda)
    {
        (float[][] rows, double[][] targets) = Data(count, width);
        int[] samples = [.. Enumerable.Range(0, count)];
        double[,] primal = RidgeSystem.Primal(i => rows[i], samples, targets, width, 1.7, lambda, default), dual = RidgeSystem.Dual(i => rows[i], samples, targets, width, 1.7, lambda, default);
        double largest = primal.Cast<double>().Max(Math.Abs);
        Assert.Contains(Enumerable.Range(0, 4), k => Math.Abs(primal[width, k]) > 1e-3 * largest);
        Assert.All(primal.Cast<double>().Zip(dual.Cast<double>()), p => Assert.Equal(p.First, p.Second, 1e-10 * largest));
    }

    [Fact]
    public void Solve_WideRowsAndFewSamples_SatisfiesTheNormalEquations_WithoutTheirMatrix()
    {
        // The gradient of ½‖XW − T‖² + ½λ‖W‖² is 0 at the minimum.
        const int Count = 12, Width = 9216;
        const double Lambda = 5;
        (float[][] rows, double[][] targets) = Data(Count, Width);
        long before = GC.GetAllocatedBytesForCurrentThread();
        double[,] weights = RidgeSystem.Solve(i => rows[i], [.. Enumerable.Range(0, Count)], targets, Width, 0.5, Lambda, default);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50_000_000);
        var residual = new double[Count, 4];
        for (int s = 0; s < Count; s++)
        {
            for (int k = 0; k < 4; k++)
            {
                residual[s, k] = weights[Width, k] + Enumerable.Range(0, Width).Sum(i => 0.5 * rows[s][i] * weights[i, k]) - targets[s][k];
            }
        }

        for (int i = 0; i <= Width; i++)
        {
            for (int k = 0; k < 4; k++)
            {
                Assert.Equal(0, (Lambda * weights[i, k]) + Enumerable.Range(0, Count).Sum(s => (i == Width ? 1 : 0.5 * rows[s][i]) * residual[s, k]), 1e-9);
            }
        }
    }

    [Theory]
    [InlineData(10, 1280, false)]
    [InlineData(10, 4095, false)]
    [InlineData(10, 4096, true)]
    [InlineData(9216, 9216, true)]
    [InlineData(9217, 9216, false)]
    public void TakesDual_OnlyForWideRowsWithFewerSamplesThanUnknowns(int samples, int width, bool dual) => Assert.Equal(dual, RidgeSystem.TakesDual(samples, width));

    [Theory]
    [InlineData(false, 5)]
    [InlineData(true, 7)]
    public void BothSystems_Cancelled_StopWhileTheyMultiply(bool dual, int reads)
    {
        (float[][] rows, double[][] targets) = Data(5, 8);
        using var stop = new CancellationTokenSource();
        int read = 0;
        FeatureRow row = i =>
        {
            if (++read == reads)
            {
                stop.Cancel();
            }

            return rows[i];
        };
        Assert.ThrowsAny<OperationCanceledException>(() => dual
            ? RidgeSystem.Dual(row, [0, 1, 2, 3, 4], targets, 8, 1, 1, stop.Token)
            : RidgeSystem.Primal(row, [0, 1, 2, 3, 4], targets, 8, 1, 1, stop.Token));
        Assert.Equal(reads, read);
    }

    private static (float[][] Rows, double[][] Targets) Data(int count, int width)
    {
        var random = new RandomStream(8);
        float[][] rows = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => (float)random.NextGaussian() + 0.3f).ToArray())];
        return (rows, [.. rows.Select(r => new double[] { 1 + r[0], r[1] - r[2], 0.5 * random.NextGaussian(), r[3] - 2 })]);
    }
}
