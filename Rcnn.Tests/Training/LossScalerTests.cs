using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class LossScalerTests
{
    [Fact]
    public void Update_HalvesOnOverflow_AndDoublesAfterGoodSteps()
    {
        var scaler = new LossScaler(16, growthInterval: 3);
        Assert.False(scaler.Update(double.PositiveInfinity));
        Assert.Equal((8, 0), (scaler.Scale, scaler.GoodSteps));
        Assert.True(scaler.Update(1));
        Assert.True(scaler.Update(0));
        Assert.Equal((8, 2), (scaler.Scale, scaler.GoodSteps));
        Assert.False(scaler.Update(double.NaN));
        Assert.Equal((4, 0), (scaler.Scale, scaler.GoodSteps));
        Assert.All(new[] { true, true, true }, counts => Assert.Equal(counts, scaler.Update(2)));
        Assert.Equal((8, 0), (scaler.Scale, scaler.GoodSteps));
    }

    [Fact]
    public void Update_OverflowAtOne_IsNotTheScalesFault()
    {
        var scaler = new LossScaler(2);
        Assert.False(scaler.Update(double.NaN));
        Assert.Equal("gradient norm", Assert.Throws<NonFiniteLossException>(() => scaler.Update(double.NaN)).Component);
    }

    [Fact]
    public void Update_NeverPassesTheLargestScale()
    {
        var scaler = new LossScaler(1L << 39, growthInterval: 1);
        for (int i = 0; i < 5; i++)
        {
            scaler.Update(1);
        }

        Assert.Equal(1L << 40, scaler.Scale);
    }

    [Fact]
    public void Step_WhoseGradientsOverflow_IsLeftOut_AndTheNextOneCounts()
    {
        // The gradient is 1e30 for each weight: times 2^30 it is beyond float32, times 2^27 it is not.
        using var layer = nn.Linear(2, 1, hasBias: false);
        TrainConfig config = ToyProblem.Baseline() with { Optimizer = new OptimizerConfig { LearningRate = 1e-31, ClipNorm = 0, Momentum = 0, WeightDecay = 0 }, Schedule = new() { Kind = "constant", WarmupSteps = 0 } };
        var scaler = new LossScaler(1L << 30);
        using var trainer = new Trainer(layer, (_, _) => Loss(layer), config, scaler);
        using Batch batch = Images();
        float[] before = [.. layer.weight.data<float>()];
        var norms = new List<double>();
        while (norms.Count < 10 && (norms.Count == 0 || norms[^1] == 0))
        {
            norms.Add(trainer.Step(batch, 0, 0).GradientNorm);
            if (norms[^1] == 0)
            {
                Assert.Equal(before, layer.weight.data<float>().ToArray());
            }
        }

        Assert.InRange(norms.Count, 2, 5);
        Assert.Equal(Math.ScaleB(1, 31 - norms.Count), scaler.Scale);
        Assert.Equal(1e30 * Math.Sqrt(2), norms[^1], 1e25);
        Assert.Equal(before[0] - 0.1f, layer.weight.data<float>()[0], 1e-6f);
    }

    [Fact]
    public void Checkpoint_KeepsTheScale_AndAStepTellsIt()
    {
        using var folder = new TemporaryFolder();
        using var layer = nn.Linear(2, 1, hasBias: false);
        using Batch batch = Images();
        using var trainer = new Trainer(layer, (_, _) => Loss(layer), ToyProblem.Baseline(), new LossScaler(64, growthInterval: 5));
        Assert.Equal(64, trainer.Step(batch, 0, 0).LossScale);
        Checkpoint.Write(folder.File("checkpoint-00000001"), trainer, new CheckpointState { Step = 1 });
        using var other = nn.Linear(2, 1, hasBias: false);
        using var restored = new Trainer(other, (_, _) => Loss(other), ToyProblem.Baseline(), new LossScaler(8, growthInterval: 5));
        Checkpoint.Restore(folder.File("checkpoint-00000001"), restored);
        Assert.Equal((64, 1), (restored.Scaler!.Scale, restored.Scaler.GoodSteps));
    }

    [Fact]
    public void Step_WithAScale_IsTheStepWithout()
    {
        // A power of two changes no bit of a gradient.
        Assert.Equal(Weights(null), Weights(new LossScaler(1024)));

        static float[] Weights(LossScaler? scaler)
        {
            using var model = new ToyModel(5);
            using var trainer = new Trainer(model, (_, _) => Square(model), ToyProblem.Baseline(), scaler);
            using Batch batch = Images();
            for (int i = 0; i < 3; i++)
            {
                trainer.Step(batch, i, 0);
            }

            return [.. model.parameters().SelectMany(p => p.data<float>().ToArray())];
        }
    }

    private static LossParts Square(nn.Module model)
    {
        var losses = new LossParts();
        losses.Add("loss", model.parameters().Select(p => p.mul(p).sum()).Aggregate((a, b) => a.add(b)));
        return losses;
    }

    private static LossParts Loss(Linear layer)
    {
        var losses = new LossParts();
        losses.Add("loss", layer.weight.mul(1e30f).sum());
        return losses;
    }

    private static Batch Images() => new([0], [zeros([2, 2, 3], ScalarType.Byte)], [new Target(zeros([0, 4]), zeros([0], ScalarType.Int64))]);
}
