using Rcnn.Core.Data;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

/// <summary>A detector small enough to train within a test, and the settings as the command line takes them.</summary>
internal static class TinyDetector
{
    public static readonly string[] Settings =
    [
        "model.backbone.widthMultiplier=0.25", "model.input.minSize=96", "model.input.maxSize=128", "data.maxSide=128",
        "model.rpn.anchors.sizes=[[16,32,64]]", "model.roi.headWidth=64", "data.batchSize=2",
    ];

    public static TrainConfig Config(int classes, params string[] settings) =>
        ConfigOverrides.Apply(TrainPresets.For("faster-rcnn-c4", "mobilenet_v2", classes), Settings.Concat(settings));

    public static IDetectionDataset Data(int images) => DatasetFactory.Open($"synthetic:easy:train:{images}");
}
