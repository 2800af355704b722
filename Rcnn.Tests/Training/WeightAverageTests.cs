using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class WeightAverageTests
{
    [Fact]
    public void Update_FollowsTheFormula()
    {
        using var model = new ToyModel(3);
        using var average = new WeightAverage(model, 0.5);
        using IDisposable off = no_grad();
        Tensor live = model.state_dict()["scale"];
        double expected = 1;
        for (int step = 0; step < 12; step++)
        {
            live.fill_(step * step);
            average.Update(step);
            double decay = Math.Min(0.5, (1.0 + step) / (10.0 + step));
            expected = decay * expected + (1 - decay) * step * step;
            Assert.Equal(expected, average.State["scale"][0].ToDouble(), 1e-4);
        }
    }

    [Fact]
    public void Applied_PutsTheAverageIn_AndTakesItOutAgain()
    {
        using var model = new ToyModel(3);
        using var average = new WeightAverage(model, 0.9);
        using IDisposable off = no_grad();
        Tensor live = model.state_dict()["scale"];
        live.fill_(7);
        using (average.Applied())
        {
            Assert.Equal(1, live[0].ToDouble());
        }

        Assert.Equal(7, live[0].ToDouble());
        Assert.Equal(1, average.State["scale"][0].ToDouble());
    }

    [Fact]
    public void InterruptedRun_ResumesItsAverage_ToTheBit()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline() with { Optimizer = new OptimizerConfig { LearningRate = 0.05, AverageDecay = 0.9 } };
        using (var whole = new ToyProblem(config))
        {
            whole.Train(folder.File("whole"));
        }

        using var cancel = new CancellationTokenSource();
        using (var first = new ToyProblem(config) { Before = step => { if (step == 8) { cancel.Cancel(); } } })
        {
            first.Train(folder.File("cut"), cancellation: cancel.Token);
        }

        using (var second = new ToyProblem(config))
        {
            second.Train(folder.File("cut"), resume: true);
        }

        Assert.Equal(AverageBytes(folder.File("whole")), AverageBytes(folder.File("cut")));
    }

    [Fact]
    public void LoadWeights_TakesTheAverage()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline() with { Optimizer = new OptimizerConfig { LearningRate = 0.05, AverageDecay = 0.9 } };
        using var problem = new ToyProblem(config);
        problem.Train(folder.File("run"));
        byte[] last = problem.Weights();
        using var loaded = new ToyProblem(config);
        Checkpoint.LoadWeights(RunFolder.Open(folder.File("run")).LatestCheckpoint()!, loaded.Model);
        Assert.NotEqual(last, loaded.Weights());
    }

    private static byte[] AverageBytes(string run) => File.ReadAllBytes(Path.Combine(RunFolder.Open(run).LatestCheckpoint()!, Checkpoint.AverageFile));
}
