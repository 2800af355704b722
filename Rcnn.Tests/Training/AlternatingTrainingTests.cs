using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Core.Weights;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class AlternatingTrainingTests
{
    [Fact]
    public void FourSteps_EndInOneDetector_WithStepTwosConvolutions()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        string run = folder.File("run");
        RunSummary summary = TrainingRun.Execute(Config(data), data, data, run);
        Assert.Equal((RunOutcome.Completed, run), (summary.Outcome, summary.Folder));
        Dictionary<string, byte[]>[] steps = [.. Enumerable.Range(1, 4).Select(s => Weights(AlternatingTraining.StepFolder(run, s)))];
        Dictionary<string, byte[]> result = Weights(run);
        Assert.All(Part(result, "backbone"), k => Assert.Equal(steps[1][k], result[k]));
        Assert.All(Part(result, "rpn"), k => Assert.Equal(steps[2][k], result[k]));
        Assert.Contains(Part(result, "backbone"), k => !steps[0][k].AsSpan().SequenceEqual(steps[1][k]));
        Assert.Contains(Part(result, "rpn"), k => !steps[1][k].AsSpan().SequenceEqual(result[k]));
        Assert.Contains(Part(result, "roi_heads"), k => !steps[1][k].AsSpan().SequenceEqual(result[k]));

        // The folder is a run like any other.
        EvaluationSummary evaluation = EvaluationRun.Execute(RunFolder.Open(run), data);
        Assert.Equal(summary.Metrics["AP50"], evaluation.Metrics["AP50"], 1e-12);
    }

    [Fact]
    public void InterruptedInStepThree_ThenResumed_EndsWithTheSameBits()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        TrainConfig config = Config(data);
        TrainingRun.Execute(config, data, null, folder.File("whole"));
        using var cancel = new CancellationTokenSource();
        RunSummary cut = TrainingRun.Execute(config, data, null, folder.File("cut"), new CancelAt(cancel, steps: 8), cancellation: cancel.Token);
        Assert.Equal(RunOutcome.Interrupted, cut.Outcome);
        Assert.True(Directory.Exists(AlternatingTraining.StepFolder(folder.File("cut"), 3)));
        Assert.False(Directory.Exists(AlternatingTraining.StepFolder(folder.File("cut"), 4)));
        Assert.Equal(RunOutcome.Completed, TrainingRun.Execute(config, data, null, folder.File("cut"), resume: true).Outcome);
        Assert.Equal(Weights(folder.File("whole")), Weights(folder.File("cut")));
    }

    [Fact]
    public void Shares_DivideTheStepsOfTheRun()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        RunSummary summary = TrainingRun.Execute(Config(data) with { AlternatingShares = [1, 4, 2, 1], Stop = new StopConfig { Steps = 8 } }, data, null, folder.File("run"));
        Assert.Equal(8, summary.Steps);
        Assert.Equal([1, 4, 2, 1], Enumerable.Range(1, 4).Select(s =>
            Checkpoint.ReadState(RunFolder.Open(AlternatingTraining.StepFolder(folder.File("run"), s)).LatestCheckpoint()!).Step));
    }

    [Fact]
    public void Finished_IsNotTrainedOn()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = Config(data) with { Stop = new StopConfig { Steps = 4 } };
        string run = folder.File("run");
        TrainingRun.Execute(config, data, null, run);
        Dictionary<string, byte[]> before = Weights(AlternatingTraining.StepFolder(run, 1));
        RcnnException e = Assert.Throws<RcnnException>(() => TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 8 } }, data, null, run, resume: true));
        Assert.Contains("the run has stop.steps=4, this call asks for 8", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, Weights(AlternatingTraining.StepFolder(run, 1)));
    }

    [Fact]
    public void InterruptedInStepOne_MayGoOnLonger()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = Config(data) with { CheckpointEvery = 1 };
        using var cancel = new CancellationTokenSource();
        Assert.Equal(RunOutcome.Interrupted, TrainingRun.Execute(config, data, null, folder.File("run"), new CancelAt(cancel, steps: 1), cancellation: cancel.Token).Outcome);
        RunSummary longer = TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 16 } }, data, null, folder.File("run"), resume: true);
        Assert.Equal((RunOutcome.Completed, 16), (longer.Outcome, longer.Steps));
        // And a third call finds the length that the second gave it.
        Assert.Equal(16, TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 16 } }, data, null, folder.File("run"), resume: true).Steps);
    }

    [Theory]
    [InlineData("[1,2,3]")]
    [InlineData("[1,2,0,1]")]
    public void Shares_ThatAreNotFourPositiveNumbers_AreRejected(string shares)
    {
        RcnnException e = Assert.Throws<RcnnException>(() => ConfigCheck.Validate(ConfigOverrides.Apply(Config(TinyDetector.Data(4)), ["alternatingShares=" + shares])));
        Assert.Contains($"alternatingShares={shares}: expected four positive numbers", e.Message);
    }

    private static TrainConfig Config(IDetectionDataset data) =>
        TinyDetector.Config(data.ClassNames.Count, "procedure=alternating", "stop.steps=12", "data.flipProbability=0.5", "threads=1", "evalEvery=100");

    private static IEnumerable<string> Part(Dictionary<string, byte[]> weights, string part) => weights.Keys.Where(k => k.StartsWith(part + ".", StringComparison.Ordinal));

    private static Dictionary<string, byte[]> Weights(string run)
    {
        using var scope = NewDisposeScope();
        return WeightFile.Read(Path.Combine(RunFolder.Open(run).BestCheckpoint(), Checkpoint.WeightsFile)).ToDictionary(w => w.Key, w => w.Value.contiguous().bytes.ToArray());
    }

    private sealed class CancelAt(CancellationTokenSource cancel, int steps) : ITrainingObserver
    {
        private int _seen;

        public void Stepped(StepReport report)
        {
            if (++_seen == steps)
            {
                cancel.Cancel();
            }
        }
    }
}
