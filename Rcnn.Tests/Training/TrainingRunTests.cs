using System.Text.Json.Nodes;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

public sealed class TrainingRunTests
{
    [Fact]
    public void Run_LeavesTheFolderAsDescribed()
    {
        using var folder = new TemporaryFolder();
        using var problem = new ToyProblem(ToyProblem.Baseline());
        RunSummary summary = problem.Train(folder.File("run"));
        RunFolder run = RunFolder.Open(summary.Folder);
        Assert.Equal(24, summary.Steps);
        Assert.Equal(6, summary.Epochs);
        Assert.Equal([20, 24], run.CheckpointSteps());
        Assert.Equal(["thing"], run.Config.Data.Classes);
        JsonNode environment = JsonNode.Parse(File.ReadAllText(run.EnvironmentFile))!;
        Assert.Equal("toy", (string?)environment["trainData"]!["name"]);
        IReadOnlyList<JsonObject> lines = MetricsLog.Read(run.MetricsFile);
        Assert.Equal(Enumerable.Range(1, 24), lines.Select(l => (int)l["step"]!));
        Assert.All(lines, l => Assert.Equal((double)l["loss"]!, (double)l["loss_fit"]! + (double)l["loss_size"]!, 1e-9));
        Assert.Equal(0.05 / 5, (double)lines[0]["learning_rate"]!, 1e-12);
        Assert.Equal(0.005, (double)lines[^1]["learning_rate"]!, 1e-12);
    }

    [Fact]
    public void Training_LowersTheLoss()
    {
        using var folder = new TemporaryFolder();
        using var problem = new ToyProblem(ToyProblem.Baseline() with { Stop = new StopConfig { Steps = 200 }, CheckpointEvery = 1000 });
        RunFolder run = RunFolder.Open(problem.Train(folder.File("run")).Folder);
        double[] losses = [.. MetricsLog.Read(run.MetricsFile).Select(l => (double)l["loss"]!)];
        Assert.True(losses[^20..].Average() < 0.75 * losses[..20].Average(), $"{losses[..20].Average()} → {losses[^20..].Average()}");
    }

    [Fact]
    public void FrozenParameters_StayAsTheyAre()
    {
        using var folder = new TemporaryFolder();
        using var problem = new ToyProblem(ToyProblem.Baseline());
        float[] before = problem.Model.state_dict()["frozen"].data<float>().ToArray();
        problem.Train(folder.File("run"));
        Assert.Equal(before, problem.Model.state_dict()["frozen"].data<float>().ToArray());
    }

    [Fact]
    public void NonFiniteLoss_NamesComponentStepAndImages_AndKeepsTheLastCheckpoint()
    {
        using var folder = new TemporaryFolder();
        ToyProblem? problem = null;
        problem = new ToyProblem(ToyProblem.Baseline()) { Before = step => { if (step == 7) { problem!.Model.Spoil(); } } };
        using (problem)
        {
            var e = Assert.Throws<RcnnException>(() => problem.Train(folder.File("run")));
            Assert.Equal(1, e.ExitCode);
            Assert.Contains("step 8: loss_fit is NaN", e.Message);
            Assert.Matches(@"images toy-\d\.png(, toy-\d\.png)*; the last", e.Message);
            Assert.Contains("checkpoint-00000005", e.Message);
            Assert.Contains("a lower optimizer.learningRate", e.Message);
            Assert.Contains("--resume", e.Message);
        }

        Assert.Equal([5], RunFolder.Open(folder.File("run")).CheckpointSteps());
    }

    [Fact]
    public void Validation_ChoosesAndKeepsTheBestCheckpoint()
    {
        // The toy metric falls with every step: the first validation, at step 3, stays the best.
        using var folder = new TemporaryFolder();
        using var problem = new ToyProblem(ToyProblem.Baseline() with { EvalEvery = 3 });
        RunSummary summary = problem.Train(folder.File("run"), validation: new ToyDataset(2));
        Assert.Equal(3, summary.BestStep);
        RunFolder run = RunFolder.Open(summary.Folder);
        Assert.Equal([3, 20, 24], run.CheckpointSteps());
        Assert.Equal(run.CheckpointFolder(3), run.BestCheckpoint());
        Assert.Equal([3, 6, 9, 12, 15, 18, 21, 24], MetricsLog.Read(run.MetricsFile).Where(l => (string?)l["kind"] == "eval").Select(l => (int)l["step"]!));
    }

    [Fact]
    public void ValidationLoss_ChoosesTheCheckpointOfTheSmallest()
    {
        // The toy metric falls with every step, and so does the loss: by the one the first validation is the best, by the other the last.
        using var folder = new TemporaryFolder();
        using var problem = new ToyProblem(ToyProblem.Baseline() with { EvalEvery = 3, ValidationLoss = true, BestMetric = "loss" });
        RunSummary summary = problem.Train(folder.File("run"), validation: new ToyDataset(2));
        double[] losses = [.. MetricsLog.Read(RunFolder.Open(summary.Folder).MetricsFile).Where(l => (string?)l["kind"] == "eval").Select(l => (double)l["loss"]!)];
        Assert.Equal((Array.IndexOf(losses, losses.Min()) + 1) * 3, summary.BestStep);
        Assert.True(summary.BestStep > 3);
    }

    [Theory]
    [InlineData("faster-rcnn-c4", "bestMetric=loss", "bestMetric=loss: expected validationLoss=true with it")]
    [InlineData("faster-rcnn-c4", "bestMetric=mask/AP", "bestMetric=mask/AP: faster-rcnn-c4 has no masks")]
    [InlineData("rcnn", "bestMetric=loss", "rcnn is validated after training")]
    [InlineData("faster-rcnn-c4", "stop.patience=2", "stop.patience=2: expected validation data with it (--val)")]
    [InlineData("faster-rcnn-c4", "validationLoss=true", "validationLoss=true: expected validation data with it (--val)")]
    public void SettingOfValidation_WithoutWhatItNeeds_IsNamed(string model, string setting, string message)
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = ConfigOverrides.Apply(TrainPresets.For(model, "mobilenet_v2", data.ClassNames.Count), ["stop.steps=1", setting]);
        RcnnException e = Assert.Throws<RcnnException>(() => TrainingRun.Execute(config, data, null, folder.File("run")));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Equal(2, e.ExitCode);
    }

    [Fact]
    public void Patience_EndsTheRun_AndStaysUsedUpWhenResumed()
    {
        // The toy metric falls with every step, so only the first validation is a new best.
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline() with { EvalEvery = 3, Stop = new StopConfig { Steps = 24, Patience = 2 } };
        using var problem = new ToyProblem(config);
        RunSummary summary = problem.Train(folder.File("run"), validation: new ToyDataset(2));
        Assert.Equal((9, 3, RunOutcome.Completed), (summary.Steps, summary.BestStep, summary.Outcome));
        using var again = new ToyProblem(config);
        Assert.Equal(9, again.Train(folder.File("run"), resume: true, validation: new ToyDataset(2)).Steps);
    }

    [Fact]
    public void ValidationLoss_IsLoggedForEachPart_AndChangesNothingElse()
    {
        using var folder = new TemporaryFolder();
        TrainConfig config = ToyProblem.Baseline() with { EvalEvery = 12, ValidationLoss = true };
        using var problem = new ToyProblem(config);
        RunFolder run = RunFolder.Open(problem.Train(folder.File("run"), validation: new ToyDataset(5)).Folder);
        JsonObject[] lines = [.. MetricsLog.Read(run.MetricsFile).Where(l => (string?)l["kind"] == "eval")];
        Assert.Equal(2, lines.Length);
        Assert.All(lines, l => Assert.Equal((double)l["loss"]!, (double)l["loss_fit"]! + (double)l["loss_size"]!, 1e-9));
        Assert.All(lines, l => Assert.InRange((double)l["loss"]!, 1e-6, 100));
    }

    [Fact]
    public void InitialWeights_AreLoaded_AlsoWhenNobodyWatches()
    {
        using var folder = new TemporaryFolder();
        var loaded = new List<string>();
        using var problem = new ToyProblem(ToyProblem.Baseline() with { Init = "weights.pth" }) { Initialize = loaded.Add };
        problem.Train(folder.File("run"), observer: null);
        Assert.Equal(["weights.pth"], loaded);
    }

    [Fact]
    public void ClassesThatDiffer_AreRefused()
    {
        using var folder = new TemporaryFolder();
        using var problem = new ToyProblem(ToyProblem.Baseline());
        TrainConfig wrong = ToyProblem.Baseline() with { Model = new() { Classes = 5 } };
        var e = Assert.Throws<RcnnException>(() => TrainingRun.Resolve(wrong, new ToyDataset(3), null));
        Assert.Contains("model.classes=5", e.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CallThatEndedBeforeItsFirstCheckpoint_DoesNotBlockTheNext(bool resume)
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "stop.steps=1");
        Assert.Throws<RcnnException>(() => TrainingRun.Execute(config with { Init = folder.File("nothing.pth") }, data, null, folder.File("run")));
        RunSummary summary = TrainingRun.Execute(config with { Seed = 3 }, data, null, folder.File("run"), resume: resume);
        Assert.Equal((1, 3), (summary.Steps, RunFolder.Open(summary.Folder).Config.Seed));
        RcnnException e = Assert.Throws<RcnnException>(() => TrainingRun.Execute(config, data, null, folder.File("run")));
        Assert.Contains("holds a run already", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SamplerBesideOhem_IsRefusedInANewRun_WithBothNames()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "model.roi.classLoss.kind=ohem", "model.roi.sampler=iou-balanced", "stop.steps=1", "threads=1");
        RcnnException e = Assert.Throws<RcnnException>(() => TrainingRun.Execute(config, data, null, folder.File("run")));
        Assert.Contains("model.roi.sampler=iou-balanced: expected balanced or all with model.roi.classLoss.kind=ohem", e.Message);
        Assert.Equal(2, e.ExitCode);
        Assert.False(RunFolder.Exists(folder.File("run")));
        // A run from before, whose config.json has both, goes on.
        TrainConfig plain = config with { Model = config.Model with { Roi = config.Model.Roi with { Sampler = "balanced" } } };
        string file = Path.Combine(TrainingRun.Execute(plain, data, null, folder.File("run")).Folder, "config.json"), text = File.ReadAllText(file);
        int roi = text.IndexOf("\"roi\"", StringComparison.Ordinal), at = text.IndexOf("\"sampler\": \"balanced\"", roi, StringComparison.Ordinal);
        File.WriteAllText(file, text[..at] + "\"sampler\": \"iou-balanced\"" + text[(at + "\"sampler\": \"balanced\"".Length)..]);
        Assert.Equal(2, TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 2 } }, data, null, folder.File("run"), resume: true).Steps);
    }

    [Fact]
    public void TwoTrainersInOneFolder_TheSecondIsRefused()
    {
        using var folder = new TemporaryFolder();
        RunFolder run = RunFolder.Create(folder.File("run"), ToyProblem.Baseline());
        using (run.Lock())
        {
            Assert.Contains("another process", Assert.Throws<RcnnException>(() => run.Lock()).Message);
        }

        run.Lock().Dispose();
    }
}
