using Rcnn.Core.Data;
using Rcnn.Core.Data.Synthetic;
using Rcnn.Core.Evaluation;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Ops;
using Rcnn.Tests.Models;

namespace Rcnn.Tests.Runs;

public sealed class MaskEvaluationTests
{
    [Fact]
    public void ADetectorWithMasks_IsMeasuredByBoxesAndByMasks()
    {
        var data = new SyntheticDataset(SceneOptions.Easy, "val", 3);
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Mask, 1);
        EvaluationSummary summary = EvaluationRun.Execute(detector, data, new EvaluationOptions { MaxSide = 128, Workers = 0, Threads = Engine.Threads });
        Assert.NotEmpty(summary.Detections);
        Assert.All(summary.Detections, d =>
        {
            ImageRecord image = Enumerable.Range(0, 3).Select(i => data[i]).Single(r => r.Id == d.ImageId);
            Rle mask = Assert.IsType<Rle>(d.Mask);
            Assert.Equal((image.Height, image.Width), (mask.Height, mask.Width));

            // The mask grows by a cell around the box and never further.
            if (mask.Area > 0)
            {
                (uint x, _, uint width, _) = mask.Box();
                double margin = (d.Width / 14) + 2;
                Assert.InRange(x, d.X - margin, d.X + d.Width + margin);
                Assert.InRange(x + width, d.X - margin, d.X + d.Width + margin);
            }
        });
        Assert.Equal(24, summary.Metrics.Count);
        CocoResult masks = CocoEvaluator.Evaluate(
            CocoGroundTruth.FromDataset(data, masks: true), summary.Detections, new CocoEvaluationOptions { IouType = CocoIouType.Mask });
        Assert.Equal(masks.Stats, CocoResult.StatNames.Select(n => summary.Metrics["mask/" + n]));
    }

    /// <summary>The row maskPaste moves pixels of masks and nothing else.</summary>
    [Fact]
    public void MasksOfEachProfile_ArePastedItsWay()
    {
        var data = new SyntheticDataset(SceneOptions.Easy, "val", 2);
        List<DetectionRow>[] rows = [.. new[] { "torchvision", "detectron2" }.Select(profile =>
        {
            using TwoStageDetector detector = DetectorFactory.Create(Convention.Apply(TinyDetector.Mask, "maskPaste", profile), 1);
            return EvaluationRun.Detect(detector, data, new EvaluationOptions { MaxSide = 128, Workers = 0, Threads = Engine.Threads });
        })];
        Assert.Equal(rows[0].Select(r => r with { Mask = null }), rows[1].Select(r => r with { Mask = null }));
        Assert.Contains(rows[0].Zip(rows[1]), pair => pair.First.Mask!.ToString() != pair.Second.Mask!.ToString());
    }

    [Fact]
    public void ADetectorWithoutMasks_IsMeasuredByBoxesAlone()
    {
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 1);
        EvaluationSummary summary = EvaluationRun.Execute(detector, new SyntheticDataset(SceneOptions.Easy, "val", 2), new EvaluationOptions { MaxSide = 128, Workers = 0, Threads = Engine.Threads });
        Assert.Equal(12, summary.Metrics.Count);
        Assert.All(summary.Detections, d => Assert.Null(d.Mask));
    }
}
