using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class FastRcnnTests
{
    private static readonly string[] Settings = [.. TinyDetector.Settings, "model.backbone.fpn=false"];

    [Fact]
    public void Trains_OnProposalsFromOutside_AndKeepsThemInTheRun()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(6);
        TrainConfig config = Config(data, "stop.steps=6", "evalEvery=6");
        RunSummary summary = TrainingRun.Execute(config, data, data, folder.File("run"));
        RunFolder run = RunFolder.Open(summary.Folder);
        Assert.True(File.Exists(Path.Combine(run.Directory, ProposalSources.RunFile)));
        string[] parts = [.. MetricsLog.Read(run.MetricsFile)[0].Select(p => p.Key).Where(k => k.StartsWith("loss_", StringComparison.Ordinal))];
        Assert.Equal(["loss_classifier", "loss_box_reg"], parts);
        EvaluationSummary evaluation = EvaluationRun.Execute(run, data);
        Assert.Equal(summary.Metrics["AP50"], evaluation.Metrics["AP50"], 1e-12);
    }

    [Fact]
    public void WithoutProposals_SaysSo()
    {
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = Config(data, "data.proposals.method=null", "stop.steps=1");
        Assert.Contains("data.proposals", Assert.Throws<RcnnException>(() => TrainingRun.Resolve(config, data, null)).Message);
        using TwoStageDetector detector = DetectorFactory.Create(config.Model, 0);
        Assert.Contains("got none", Assert.Throws<ArgumentException>(() => detector.Detect([zeros([3, 64, 64])])).Message);
    }

    [Fact]
    public void ExternalProposals_TakeThePlaceOfTheNetworks()
    {
        IDetectionDataset data = TinyDetector.Data(2);
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Config(data.ClassNames.Count).Model, 0);
        detector.eval();
        using var scope = NewDisposeScope();
        Tensor image = rand([3, 96, 96]);
        Detections none = detector.Detect([image], [zeros([0, 4])])[0];
        Assert.Equal(0, none.Count);
    }

    [Theory]
    [InlineData("rpn", "loss_objectness")]
    [InlineData("roi_heads", "loss_classifier")]
    [InlineData("backbone,rpn", "loss_objectness")]
    public void Parts_TrainAlone_AndLeaveTheOthersAsTheyWere(string parts, string loss)
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(4);
        string list = string.Join(",", parts.Split(',').Select(p => $"\"{p}\""));
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "stop.steps=3", $"parts=[{list}]", "model.backbone.norm=bn", "model.backbone.freezeStages=0");
        RunFolder run = RunFolder.Open(TrainingRun.Execute(config, data, null, folder.File("run")).Folder);
        Assert.NotNull(MetricsLog.Read(run.MetricsFile)[0][loss]);
        using TwoStageDetector before = DetectorFactory.Create(run.Config.Model, run.Config.Seed), after = run.LoadDetector();
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> old = before.state_dict(), now = after.state_dict();
        foreach (string part in new[] { "backbone", "rpn", "roi_heads" })
        {
            bool changed = old.Keys.Where(k => k.Split('.')[0] == part).Any(k => !old[k].Equals(now[k]) && !old[k].allclose(now[k], 0, 0));
            Assert.True(changed == parts.Split(',').Contains(part), $"{part} {(changed ? "changed" : "stayed")}");
        }
    }

    [Fact]
    public void UnknownPart_IsNamed()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "stop.steps=1", "parts=[\"head\"]");
        Assert.Contains("got 'head'", Assert.Throws<RcnnException>(() => TrainingRun.Execute(config, data, null, folder.File("run"))).Message);
    }

    private static TrainConfig Config(IDetectionDataset data, params string[] settings) => ConfigOverrides.Apply(
        TrainPresets.For("fast-rcnn", "mobilenet_v2", data.ClassNames.Count) with { Data = new DataConfig { BatchSize = 2, Proposals = new ProposalConfig { Method = "sliding-windows" } } },
        Settings.Where(s => !s.Contains("rpn", StringComparison.Ordinal)).Concat(settings));
}
