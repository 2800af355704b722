using Rcnn.Core.Data;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Ops;

namespace Rcnn.Tests.Training;

public sealed class OverfitTests
{
    [Fact]
    public void FewImages_AreLearntByHeart()
    {
        using var folder = new TemporaryFolder();
        int threads = Engine.Threads;
        try
        {
            IDetectionDataset data = TinyDetector.Data(3);
            TrainConfig config = TinyDetector.Config(
                data.ClassNames.Count, "model.backbone.norm=gn", "model.backbone.freezeStages=0", "optimizer.kind=adamw", "optimizer.learningRate=0.002",
                "data.batchSize=3", "stop.steps=120", "checkpointEvery=1000", "evalEvery=1000", "bestMetric=AP50");
            RunSummary summary = TrainingRun.Execute(config, data, data, folder.File("run"));
            Assert.True(summary.Metrics["AP50"] > 0.5, $"AP50 {summary.Metrics["AP50"]}, loss {summary.FinalLoss}");
            EvaluationSummary again = EvaluationRun.Execute(RunFolder.Open(summary.Folder), data);
            Assert.Equal(summary.Metrics, again.Metrics);
            Assert.True(File.Exists(RunFolder.Open(summary.Folder).DetectionsFile));
        }
        finally
        {
            Engine.Threads = threads;
        }
    }
}
