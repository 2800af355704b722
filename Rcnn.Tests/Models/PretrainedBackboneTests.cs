using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Weights;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class PretrainedBackboneTests
{
    [SkippableFact]
    public void MobileNetV2_WithImageNetWeights_ReproducesStoredActivations()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        IReadOnlyDictionary<string, Tensor> golden = WeightFile.Read(SharedData.Data("weights/mobilenet_v2_golden.safetensors"));
        string file = SharedData.Data("weights/mobilenet_v2_tfquant.safetensors");
        DetectorConfig preset = DetectorFactory.Preset("faster-rcnn-c4", "mobilenet_v2", 2);
        foreach ((int block, string name) in new[] { (13, "features.13.mean"), (18, "features.18.mean") })
        {
            DetectorConfig config = preset with { Backbone = preset.Backbone with { LastBlock = block } };
            using TwoStageDetector detector = DetectorFactory.Create(config, 0);
            DetectorWeights.Report report = DetectorWeights.LoadBackbone(detector, WeightFile.Read(file), file);
            Assert.All(report.Unused, n => Assert.Contains(n["backbone.".Length..].Split('.')[0], Later(block)));
            Tensor map = detector.Backbone.call(golden["input"])[0];
            Close(golden[name], map.mean([0, 2, 3]), 2e-4);
            if (block == 13)
            {
                Close(golden["features.13.out"], map, 2e-3);
            }
        }

        static IEnumerable<string> Later(int block) =>
            ["classifier", .. Enumerable.Range(block + 1, 19).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        float difference = expected.sub(actual).abs().max().item<float>();
        Assert.True(difference < tolerance, $"largest difference {difference}");
    }
}
