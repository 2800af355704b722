using Rcnn.Core;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

public sealed class ResumeTests
{
    [Theory]
    [InlineData("sgd", 1)]
    [InlineData("sgd", 7)]
    [InlineData("sgd", 20)]
    [InlineData("adamw", 13)]
    public void Interrupted_ThenResumed_EndsWithTheSameBits(string optimizer, int cancelAt)
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline(optimizer);
        byte[] expected = Whole(config, folder.File("whole"));

        using var cancel = new CancellationTokenSource();
        using (var first = new ToyProblem(config) { Before = step => { if (step == cancelAt) { cancel.Cancel(); } } })
        {
            RunSummary interrupted = first.Train(folder.File("cut"), cancellation: cancel.Token);
            Assert.Equal(RunOutcome.Interrupted, interrupted.Outcome);
            Assert.InRange(interrupted.Steps, cancelAt, cancelAt + 1);
        }

        using var second = new ToyProblem(config);
        RunSummary finished = second.Train(folder.File("cut"), resume: true);
        Assert.Equal(RunOutcome.Completed, finished.Outcome);
        Assert.Equal(24, finished.Steps);
        Assert.Equal(expected, second.Weights());
        Assert.Equal(Lines(folder.File("whole")), Lines(folder.File("cut")));
    }

    [Fact]
    public void DiedWithoutCheckpointOfItsOwn_ResumesFromTheLastOne()
    {
        // A crash at step 13: the checkpoint is of step 10, the log goes further and ends in half a line.
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline();
        byte[] expected = Whole(config, folder.File("whole"));
        using (var first = new ToyProblem(config) { Before = step => { if (step == 13) { throw new InvalidOperationException("crash"); } } })
        {
            Assert.Throws<InvalidOperationException>(() => first.Train(folder.File("cut")));
        }

        File.AppendAllText(Path.Combine(folder.File("cut"), "metrics.jsonl"), "{\"kind\":\"step\",\"st");
        Directory.CreateDirectory(Path.Combine(folder.File("cut"), "checkpoint-00000013.tmp-99"));
        using var second = new ToyProblem(config);
        var messages = new MessageList();
        second.Train(folder.File("cut"), resume: true, observer: messages);
        Assert.Contains("at step 10", messages.Single());
        Assert.Equal(expected, second.Weights());
        Assert.Equal(Lines(folder.File("whole")), Lines(folder.File("cut")));
        Assert.Empty(Directory.GetFileSystemEntries(folder.File("cut"), "*.tmp-*"));
    }

    [Fact]
    public void Resume_BeforeTheFirstCheckpoint_StartsOver()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline();
        byte[] expected = Whole(config, folder.File("whole"));
        using (var first = new ToyProblem(config) { Before = step => { if (step == 3) { throw new InvalidOperationException("crash"); } } })
        {
            Assert.Throws<InvalidOperationException>(() => first.Train(folder.File("cut")));
        }

        using var second = new ToyProblem(config);
        second.Train(folder.File("cut"), resume: true);
        Assert.Equal(expected, second.Weights());
        Assert.Equal(24, Lines(folder.File("cut")).Count);
    }

    [Fact]
    public void Resume_WithOtherSettings_IsRefused()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline();
        Whole(config, folder.File("run"));
        using var other = new ToyProblem(config with { Optimizer = config.Optimizer with { Momentum = 0.5 } });
        var e = Assert.Throws<RcnnException>(() => other.Train(folder.File("run"), resume: true));
        Assert.Contains("optimizer.momentum=0.9", e.Message);
        Assert.Contains("0.5", e.Message);
        Assert.Equal(2, e.ExitCode);
    }

    [Fact]
    public void Resume_MaySetALaterEnd()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline();
        Whole(config, folder.File("run"));
        using var longer = new ToyProblem(config with { Stop = new StopConfig { Steps = 30 } });
        Assert.Equal(30, longer.Train(folder.File("run"), resume: true).Steps);
        Assert.Equal(30, RunFolder.Open(folder.File("run")).Config.Stop.Steps);
    }

    [Fact]
    public void NewRun_IntoAnOldFolder_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Whole(ToyProblem.Baseline(), folder.File("run"));
        using var again = new ToyProblem(ToyProblem.Baseline());
        Assert.Contains("--resume", Assert.Throws<RcnnException>(() => again.Train(folder.File("run"))).Message);
    }

    [Fact]
    public void CheckpointWithAMissingTensor_IsNamed()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline();
        Whole(config, folder.File("run"));
        string weights = Path.Combine(RunFolder.Open(folder.File("run")).LatestCheckpoint()!, Checkpoint.WeightsFile);
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..40]);
        using var again = new ToyProblem(config);
        var e = Assert.Throws<RcnnException>(() => again.Train(folder.File("run"), resume: true));
        Assert.Contains(Checkpoint.WeightsFile, e.Message);
        Assert.Equal(1, e.ExitCode);
    }

    private static byte[] Whole(TrainConfig config, string folder)
    {
        using var problem = new ToyProblem(config);
        Assert.Equal(RunOutcome.Completed, problem.Train(folder).Outcome);
        return problem.Weights();
    }

    /// <summary>The log without times.</summary>
    private static List<string> Lines(string run) => [.. MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).Select(line =>
    {
        line.Remove("seconds");
        return line.ToJsonString();
    })];
}

internal sealed class MessageList : List<string>, ITrainingObserver
{
    public void Message(string text) => Add(text);
}
