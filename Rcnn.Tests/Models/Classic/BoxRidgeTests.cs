using Rcnn.Core.Data;
using Rcnn.Core.Models.Classic;
using Rcnn.Ops;

namespace Rcnn.Tests.Models.Classic;

public sealed class BoxRidgeTests
{
    [Fact]
    public void Apply_OfTheTarget_GivesTheObject()
    {
        Box proposal = new(10, 20, 50, 90), truth = new(14, 5, 47, 130);
        Box back = BoxRidge.Apply(proposal, BoxRidge.Target(proposal, truth));
        Assert.Equal([truth.X1, truth.Y1, truth.X2, truth.Y2], new[] { back.X1, back.Y1, back.X2, back.Y2 }.Select(v => Math.Round(v, 9)));
        Assert.Equal([0.5 / 40, 12.5 / 70, Math.Log(33 / 40.0), Math.Log(125 / 70.0)], BoxRidge.Target(proposal, truth).Select(v => v), (a, b) => Math.Abs(a - b) < 1e-12);
    }

    [Theory]
    [InlineData(1, 0.001)]
    [InlineData(50, 0.001)]
    [InlineData(50, 0.25)]
    public void Fit_SatisfiesTheNormalEquationsOfTheWhitenedTargets(double lambda, double floor)
    {
        const int Count = 40, Width = 7;
        const double Scale = 1.3;
        var random = new RandomStream(4);
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => Enumerable.Range(0, Width).Select(_ => (float)random.NextGaussian()).ToArray())];
        double[][] targets = [.. rows.Select(r => new[] { r[0] - r[1], 0.5 * r[2], r[0] + (0.3 * r[3]), 2 + (0.1 * random.NextGaussian()) })];
        BoxRidge ridge = BoxRidge.Fit(i => rows[i], [.. Enumerable.Range(0, Count)], targets, Width, Scale, new() { Lambda = lambda, WhiteningFloor = floor });

        double[] mean = [.. Enumerable.Range(0, 4).Select(k => targets.Average(t => t[k]))];
        Assert.Equal(mean, ridge.Mean, (a, b) => Math.Abs(a - b) < 1e-12);

        // Unwhiten is the symmetric root of covariance + floor.
        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                double square = Enumerable.Range(0, 4).Sum(k => ridge.Unwhiten[i, k] * ridge.Unwhiten[k, j]);
                Assert.Equal(targets.Average(t => (t[i] - mean[i]) * (t[j] - mean[j])), square - (i == j ? floor : 0), 1e-9);
            }
        }

        // Gradient of ½‖XW − T‖² + ½λ‖W‖² is 0, T being what unwhitening turns into the centred targets.
        double[,] white = Solve(ridge.Unwhiten, targets, mean);
        for (int i = 0; i <= Width; i++)
        {
            for (int k = 0; k < 4; k++)
            {
                double gradient = lambda * ridge.Weights[i, k];
                for (int s = 0; s < Count; s++)
                {
                    double fitted = ridge.Weights[Width, k] + Enumerable.Range(0, Width).Sum(j => Scale * rows[s][j] * ridge.Weights[j, k]);
                    gradient += (i == Width ? 1 : Scale * rows[s][i]) * (fitted - white[s, k]);
                }

                Assert.Equal(0, gradient, 1e-8);
            }
        }
    }

    [Fact]
    public void Predict_WithASmallRidge_FollowsLinearTargets()
    {
        var random = new RandomStream(6);
        float[][] rows = [.. Enumerable.Range(0, 80).Select(_ => Enumerable.Range(0, 5).Select(_ => (float)random.NextGaussian()).ToArray())];
        double[][] targets = [.. rows.Select(r => new double[] { r[0], r[1] - r[2], 0.5 + r[3], -r[4] })];
        BoxRidge ridge = BoxRidge.Fit(i => rows[i], [.. Enumerable.Range(0, 80)], targets, 5, 1, new() { Lambda = 1e-6 });
        for (int i = 0; i < 80; i++)
        {
            Assert.Equal(targets[i], ridge.Predict(rows[i], 1), (a, b) => Math.Abs(a - b) < 1e-5);
        }
    }

    [Fact]
    public void Fit_WithoutSamples_LeavesBoxesAsTheyAre()
    {
        BoxRidge ridge = BoxRidge.Fit(_ => default, [], [], 3, 1, new());
        Assert.Equal(new Box(1, 2, 3, 5), BoxRidge.Apply(new Box(1, 2, 3, 5), ridge.Predict([4, 5, 6], 1)));
    }

    [Fact]
    public void Fit_WithoutSamples_SolvesNoSystem()
    {
        // A system of this width would take 80 GB.
        BoxRidge ridge = BoxRidge.Fit(_ => default, [], [], 100_000, 1, new());
        Assert.Equal(100_001, ridge.Weights.GetLength(0));
        Assert.All(ridge.Weights.Cast<double>(), w => Assert.Equal(0, w));
    }

    private static double[,] Solve(double[,] unwhiten, double[][] targets, double[] mean)
    {
        var result = new double[targets.Length, 4];
        for (int s = 0; s < targets.Length; s++)
        {
            // white · unwhiten = centred, unwhiten symmetric: Gaussian elimination.
            var a = new double[4, 5];
            for (int i = 0; i < 4; i++)
            {
                for (int j = 0; j < 4; j++)
                {
                    a[i, j] = unwhiten[j, i];
                }

                a[i, 4] = targets[s][i] - mean[i];
            }

            for (int p = 0; p < 4; p++)
            {
                for (int i = 0; i < 4; i++)
                {
                    double factor = i == p ? 0 : a[i, p] / a[p, p];
                    for (int j = p; j < 5 && i != p; j++)
                    {
                        a[i, j] -= factor * a[p, j];
                    }
                }
            }

            for (int i = 0; i < 4; i++)
            {
                result[s, i] = a[i, 4] / a[i, i];
            }
        }

        return result;
    }
}
