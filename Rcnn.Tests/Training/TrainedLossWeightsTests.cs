using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Training;
using Rcnn.Core.Weights;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

/// <summary>Learnt weights of losses where only some parts of a detector train.</summary>
public sealed class TrainedLossWeightsTests
{
    [Fact]
    public void LearntWeights_OfTheLossesThatCount_MoveWithParts()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "model.lossWeighting=uncertainty", "parts=[\"rpn\"]", "stop.steps=2", "threads=1");
        float[] s = Variances(TrainingRun.Execute(config, data, null, folder.File("run")).Folder);
        Assert.True(s[0] != 0 && s[1] != 0, string.Join(" ", s));
        Assert.Equal([0f, 0f], s[2..]);
    }

    [Fact]
    public void LearntWeights_MoveInEachOfFourSteps()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "model.lossWeighting=uncertainty", "procedure=alternating", "stop.steps=8", "threads=1");
        string run = TrainingRun.Execute(config, data, null, folder.File("run")).Folder;
        float[][] steps = [.. Enumerable.Range(1, 4).Select(s => Variances(AlternatingTraining.StepFolder(run, s)))];
        Assert.All(new[] { steps[0][0], steps[0][1], steps[1][2], steps[1][3], steps[2][0], steps[2][1] }, v => Assert.NotEqual(0, v));
        Assert.NotEqual(steps[2][2..], steps[3][2..]);
        Assert.All(steps[3], v => Assert.NotEqual(0, v));
    }

    private static float[] Variances(string run)
    {
        using var scope = NewDisposeScope();
        string file = Path.Combine(Rcnn.Core.Runs.RunFolder.Open(run).LatestCheckpoint()!, Rcnn.Core.Runs.Checkpoint.WeightsFile);
        return Models.TinyDetector.Floats(WeightFile.Read(file).Single(e => e.Key == "loss_weights.log_variance").Value);
    }
}
