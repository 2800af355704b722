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
            TrainConfig config = ConfigOverrides.Apply(TrainPresets.For("faster-rcnn-c4", "resnet18", data.ClassNames.Count),
            [
                "model.backbone.norm=gn", "model.backbone.baseWidth=32", "model.backbone.layers=[1,1,1,1]", "model.input.minSize=96", "model.input.maxSize=128",
                "model.roi.head=fc", "model.roi.poolSize=7", "model.rpn.anchors.sizes=[[16,32,64]]", "model.rpn.preNmsTrain=300", "model.rpn.postNmsTrain=100", "model.roi.headWidth=64",
                "model.roi.batchPerImage=64", "data.maxSide=128", "data.batchSize=3", "data.flipProbability=0", "optimizer.kind=adamw",
                "optimizer.learningRate=0.002", "schedule.warmupSteps=5", "stop.steps=60", "checkpointEvery=1000", "evalEvery=1000",
            ]);
            RunSummary summary = TrainingRun.Execute(config, data, data, folder.File("run"));
            Assert.True(summary.Metrics["AP50"] > 0.7, $"AP50 {summary.Metrics["AP50"]}, loss {summary.FinalLoss}");
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
