using Rcnn.Core.Analysis;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Training;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Analysis;

public sealed class StageTimesTests
{
    [Fact]
    public void EveryStageOfADetectorTakesTime()
    {
        IDetectionDataset data = TinyDetector.Data(2);
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Config(data.ClassNames.Count).Model, 0);
        StageTimes times = StageTimes.Measure(detector, data, 128, images: 2);
        Assert.True(times is { Proposals: > 0, Features: > 0, Regions: > 0, Rest: > 0 }, $"{times}");
        Assert.Equal(times.Proposals + times.Features + times.Regions + times.Rest, times.Total);
    }

    [Fact]
    public void WithoutAProposalNetwork_TheMethodIsTimed_AndMustBeThere()
    {
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = ConfigOverrides.Apply(
            TrainPresets.For("fast-rcnn", "mobilenet_v2", data.ClassNames.Count), TinyDetector.Settings.Where(s => !s.Contains("rpn", StringComparison.Ordinal)));
        using TwoStageDetector detector = DetectorFactory.Create(config.Model, 0);
        Assert.True(StageTimes.Measure(detector, data, 128, 1, new SlidingWindows()).Proposals > 0);
        Assert.Throws<ArgumentException>(() => StageTimes.Measure(detector, data, 128, 1));
    }
}
