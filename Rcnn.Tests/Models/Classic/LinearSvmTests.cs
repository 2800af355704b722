using Rcnn.Core.Data;
using Rcnn.Core.Models.Classic;
using Rcnn.Ops;

namespace Rcnn.Tests.Models.Classic;

public sealed class LinearSvmTests
{
    [Fact]
    public void Train_TwoOppositePoints_GivesTheWidestMargin()
    {
        float[][] rows = [[2, 0], [-2, 0]];
        (LinearMachine machine, _) = LinearSvm.Train(i => rows[i], [0, 1], [true, false], 2, 1, new SvmConfig { C = 100, PositiveWeight = 1, Tolerance = 1e-9 }, new RandomStream(0));
        Assert.Equal(0.5, machine.Weights[0], 1e-6);
        Assert.Equal(0, machine.Offset, 1e-6);
        Assert.Equal(1, machine.Margin(rows[0]), 1e-6);
    }

    [Theory]
    [InlineData(0.01, 1, 10)]
    [InlineData(0.3, 2, 1)]
    [InlineData(5, 0.5, 0)]
    public void Train_PrimalEqualsDual_AndNoNeighbourIsBetter(double c, double positiveWeight, double bias)
    {
        (float[][] rows, bool[] positive) = Cloud(new RandomStream(3), 120, 11);
        var config = new SvmConfig { C = c, PositiveWeight = positiveWeight, BiasFeature = bias, Tolerance = 1e-8, MaxPasses = 20000 };
        const double Scale = 0.7;
        (LinearMachine machine, double[] dual) = LinearSvm.Train(i => rows[i], [.. Enumerable.Range(0, 120)], positive, 11, Scale, config, new RandomStream(1));
        double constant = bias == 0 ? 0 : machine.Offset / bias, primal = Primal(machine.Weights, constant);
        double norm = machine.Weights.Sum(w => w * w) + (constant * constant);
        Assert.Equal(primal, dual.Sum() - (norm / 2), 1e-5 * primal);
        var random = new RandomStream(2);
        for (int t = 0; t < 200; t++)
        {
            double step = Math.Pow(10, random.NextDouble(-5, 0));
            double[] other = [.. machine.Weights.Select(w => w + (step * random.NextGaussian()))];
            Assert.True(Primal(other, constant + (step * random.NextGaussian())) >= primal - (1e-7 * primal));
        }

        double Primal(double[] w, double v) => ((w.Sum(x => x * x) + (v * v)) / 2) + rows.Select((x, i) =>
        {
            double margin = (Scale * x.Zip(w, (a, b) => a * b).Sum()) + (v * bias);
            return c * (positive[i] ? positiveWeight : 1) * Math.Max(0, 1 - (positive[i] ? margin : -margin));
        }).Sum();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(29)]
    public void Dot_EqualsTheSum(int length)
    {
        var random = new RandomStream(length);
        float[] x = [.. Enumerable.Range(0, length).Select(_ => (float)random.NextGaussian())];
        double[] w = [.. Enumerable.Range(0, length).Select(_ => random.NextGaussian())];
        Assert.Equal(x.Zip(w, (a, b) => a * b).Sum(), LinearSvm.Dot(x, w), 1e-12);
    }

    [Fact]
    public void Mining_FindsTheMachineOfAllNegatives()
    {
        // 60 images of one object and 30 proposals far from it; features separate the object but for the noise.
        var random = new RandomStream(9);
        var rows = new List<float[]>();
        RcnnRegions[] images = [.. Enumerable.Range(0, 60).Select(i =>
        {
            Box[] proposals = [.. Enumerable.Range(0, 30).Select(k => new Box(100 + k, 100, 120 + k, 130))];
            int label = 1 + (i % 2);
            rows.Add(Feature(random, label));
            rows.AddRange(proposals.Select(_ => Feature(random, 0)));
            return new RcnnRegions([new Box(0, 0, 20, 20)], [label], proposals);
        })];
        var config = new SvmConfig { C = 0.05, RetrainAfter = 200, Epochs = 3, Tolerance = 1e-6 };
        var mining = new NegativeMining(i => rows[i], images, 2, 6, 1, config, new RandomStream(0));
        LinearMachine[] machines = mining.Run(null, CancellationToken.None);
        Assert.All(mining.Work, w => Assert.InRange(w.Trainings, 2, 40));
        for (int label = 1; label <= 2; label++)
        {
            // Everything that is no object of the class lies below the negative IoU.
            bool[] positive = [.. Enumerable.Range(0, rows.Count).Select(i => i % 31 == 0 && images[i / 31].Labels[0] == label)];
            LinearMachine all = LinearSvm.Train(i => rows[i], [.. Enumerable.Range(0, rows.Count)], positive, 6, 1, config, new RandomStream(5)).Machine;
            Assert.InRange(mining.Work[label - 1].Negatives, 1, rows.Count / 2);
            for (int d = 0; d < 6; d++)
            {
                Assert.Equal(all.Weights[d], machines[label - 1].Weights[d], 0.02 * all.Weights.Max(Math.Abs));
            }
        }
    }

    [Fact]
    public void Mining_WithoutObjects_RejectsEverything()
    {
        RcnnRegions[] images = [new([], [], [new Box(0, 0, 5, 5), new Box(1, 1, 9, 9)])];
        float[][] rows = [[1, 2], [3, -1]];
        LinearMachine machine = Assert.Single(new NegativeMining(i => rows[i], images, 1, 2, 1, new SvmConfig(), new RandomStream(0)).Run(null, CancellationToken.None));
        Assert.All(rows, r => Assert.True(machine.Margin(r) < 0));
    }

    private static float[] Feature(RandomStream random, int label) =>
        [.. Enumerable.Range(0, 6).Select(d => (float)(random.NextGaussian() + (d == label && label > 0 ? 5 : 0)))];

    private static (float[][] Rows, bool[] Positive) Cloud(RandomStream random, int count, int width)
    {
        bool[] positive = [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < 0.3)];
        return ([.. positive.Select(p => Enumerable.Range(0, width).Select(d => (float)(random.NextGaussian() + (p && d < 3 ? 1 : 0))).ToArray())], positive);
    }
}
