using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models.Classic;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class RcnnTrainingTests
{
    private static readonly string[] Settings =
    [
        "model.backbone.widthMultiplier=0.25", "model.backbone.lastBlock=7", "model.rcnn.warpSize=32", "model.rcnn.context=4", "data.maxSide=96", "data.batchSize=2", "data.proposals.method=sliding-windows",
        "data.proposals.limit=25", "model.rcnn.sampling.foreground=8", "model.rcnn.sampling.background=8", "stop.steps=3", "checkpointEvery=1",
    ];

    [Fact]
    public void Execute_GivesARunThatEvaluatesAndDetects()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        RunSummary summary = TrainingRun.Execute(Config(data), data, data, folder.File("run"));
        RunFolder run = RunFolder.Open(summary.Folder);
        Assert.True(File.Exists(Path.Combine(run.BestCheckpoint(), RcnnMachines.FileName)));
        Assert.Equal(3, MetricsLog.Read(run.MetricsFile).Count(l => (string?)l["kind"] == "step"));
        EvaluationSummary evaluation = EvaluationRun.Execute(run, data);
        Assert.Equal(summary.Metrics["AP50"], evaluation.Metrics["AP50"], 1e-12);
        using var detector = run.OpenDetector();
        Assert.Contains("got none", Assert.Throws<ArgumentException>(() => detector.Detect([zeros([64, 64, 3], dtype: uint8)])).Message, StringComparison.Ordinal);
        Assert.Equal(0, detector.Detect([zeros([64, 64, 3], dtype: uint8)], [zeros([0, 4])])[0].Count);
        Assert.Contains("uint8", Assert.Throws<ArgumentException>(() => detector.Detect([zeros([3, 64, 64])], [zeros([0, 4])])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_InterruptedInAnyStage_ResumesToTheSameMachines()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        TrainConfig config = Config(data);
        byte[] whole = Machines(TrainingRun.Execute(config, data, null, folder.File("whole")).Folder);
        foreach (string stage in new[] { "fine-tuning", "proposals of", "features of", "machines of" })
        {
            string path = folder.File(stage.Replace(' ', '-'));
            using var stop = new CancellationTokenSource();
            Assert.Equal(RunOutcome.Interrupted, TrainingRun.Execute(config, data, null, path, new StopAt(stage, stop), cancellation: stop.Token).Outcome);
            RunSummary resumed = TrainingRun.Execute(config, data, null, path, resume: true);
            Assert.Equal(RunOutcome.Completed, resumed.Outcome);
            Assert.Equal(whole, Machines(path));
        }
    }

    [Fact]
    public void Loss_WithoutAnyRegion_IsZeroWithGradients()
    {
        using var scope = NewDisposeScope();
        TrainConfig config = Config(TinyDetector.Data(2));
        using var network = new RcnnNetwork(config.Model, 0);
        using var batch = new Batch([0], [zeros([64, 64, 3], dtype: uint8)], [new Target(zeros([0, 4]), zeros([0], dtype: int64), Proposals: zeros([0, 4]))]);
        Tensor loss = RcnnTraining.Loss(config, network, RcnnDetector.Warp(config.Model), batch, new Rcnn.Ops.RandomStream(1)).Total();
        Assert.Equal(0, loss.item<float>());
        loss.backward();
    }

    [Fact]
    public void Execute_OnAfterTheEnd_MeasuresTheNewMachines_AndKeepsTheBetter()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        TrainConfig config = Config(data);
        RunSummary first = TrainingRun.Execute(config, data, data, folder.File("run"));
        Assert.True(first.Elapsed.TotalSeconds > MetricsLog.Read(RunFolder.Open(first.Folder).MetricsFile).Where(l => (string?)l["kind"] == "step").Max(l => (double)l["seconds"]!));
        RunSummary second = TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 4 } }, data, data, folder.File("run"), resume: true);
        RunFolder run = RunFolder.Open(second.Folder);
        double[] measured = [.. MetricsLog.Read(run.MetricsFile).Where(l => (string?)l["kind"] == "eval").Select(l => (double)l[config.BestMetric]!)];
        Assert.Equal([first.Metrics[config.BestMetric], second.Metrics[config.BestMetric]], measured);
        Assert.Equal(measured[1] > measured[0] ? 4 : 3, second.BestStep);
        TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 4 } }, data, data, folder.File("run"), resume: true);
        Assert.Equal(2, MetricsLog.Read(run.MetricsFile).Count(l => (string?)l["kind"] == "eval"));
    }

    [Theory]
    [InlineData("model.rcnn.classifier=softmax")]
    [InlineData("model.rcnn.classifier=softmax", "model.rcnn.boxRegression=false")]
    [InlineData("model.rcnn.fineTune=false")]
    [InlineData("model.rcnn.boxRegression=false")]
    [InlineData("model.rcnn.fullyConnected=true", "model.roi.headWidth=32", "model.rcnn.layer=fc6")]
    [InlineData("model.rcnn.fullyConnected=true", "model.roi.headWidth=32", "model.rcnn.layer=fc7", "model.roi.poolSize=2")]
    public void Execute_EveryAblation_EndsInMetrics(params string[] settings)
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(3);
        RunSummary summary = TrainingRun.Execute(ConfigOverrides.Apply(Config(data), settings), data, data, folder.File("run"));
        Assert.InRange(summary.Metrics["AP50"], 0, 1);
        RcnnMachines machines = RcnnMachines.Read(Path.Combine(RunFolder.Open(summary.Folder).BestCheckpoint(), RcnnMachines.FileName));
        Assert.Equal(settings.Contains("model.rcnn.classifier=softmax") ? 0 : data.ClassNames.Count, machines.Machines.Length);
        Assert.Equal(settings.Contains("model.rcnn.boxRegression=false") ? 0 : data.ClassNames.Count, machines.Boxes.Length);
    }

    [Theory]
    [InlineData("model.rcnn.layer=fc6", "layer")]
    [InlineData("model.rcnn.context=16", "context")]
    [InlineData("model.rcnn.classifier=tree", "classifier")]
    [InlineData("model.rcnn.svm.c=0", "svm")]
    [InlineData("model.rcnn.dropout=1", "dropout")]
    [InlineData("model.rcnn.box.whiteningFloor=0", "whiteningFloor")]
    [InlineData("model.input.channels=gbr", "input.channels")]
    [InlineData("data.proposals.method=null", "data.proposals")]
    public void Resolve_WrongSetting_NamesIt(string setting, string name)
    {
        IDetectionDataset data = TinyDetector.Data(2);
        Assert.Contains(name, Assert.Throws<RcnnException>(() => TrainingRun.Resolve(ConfigOverrides.Apply(Config(data), [setting]), data, null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.05, "model.rcnn.classifier=softmax")]
    [InlineData(0.25, "model.rcnn.classifier=softmax", "model.output.scoreThreshold=0.25")]
    [InlineData(0.05, "model.output.scoreThreshold=0.05")]
    public void ScoreThreshold_IsTheClassifiersUnlessItIsSet(double expected, params string[] settings)
    {
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = ConfigOverrides.Apply(Config(data), settings);
        Assert.Equal(expected, config.Model.ScoreThreshold);
        Assert.Equal(expected, TrainingRun.Resolve(config, data, null).Model.Output.ScoreThreshold);
    }

    private static TrainConfig Config(IDetectionDataset data) => ConfigOverrides.Apply(TrainPresets.For("rcnn", "mobilenet_v2", data.ClassNames.Count), Settings);

    private static byte[] Machines(string run) => File.ReadAllBytes(Path.Combine(RunFolder.Open(run).LatestCheckpoint()!, RcnnMachines.FileName));

    /// <summary>Cancels after the first piece of work of a stage.</summary>
    private sealed class StopAt(string stage, CancellationTokenSource stop) : ITrainingObserver
    {
        private bool _reached;

        public void Message(string text) => _reached |= text.StartsWith(stage, StringComparison.Ordinal);

        public void Stepped(StepReport report) => StopHere();

        public void Evaluating(int done, int total) => StopHere();

        private void StopHere()
        {
            if (_reached)
            {
                stop.Cancel();
            }
        }
    }
}
