using System.Text.Json;
using Rcnn.Core.Data;
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
        DetectorConfig preset = DetectorPresets.Create("faster-rcnn-c4", "mobilenet_v2", 2);
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

    [SkippableFact]
    public void SqueezeNet_WithImageNetWeights_ReproducesStoredActivations()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        IReadOnlyDictionary<string, Tensor> golden = WeightFile.Read(SharedData.Data("weights/squeezenet1_0_golden.safetensors"));
        string file = SharedData.Data("weights/squeezenet1_0_deepcompression.safetensors");
        DetectorConfig preset = DetectorPresets.Create("faster-rcnn-c4", "squeezenet1_0", 2);
        foreach ((int last, string name) in new[] { (12, "features.12"), (10, "features.11"), (5, "features.6") })
        {
            using TwoStageDetector detector = DetectorFactory.Create(preset with { Backbone = preset.Backbone with { LastBlock = last, FreezeStages = 1 } }, 0);
            DetectorWeights.LoadBackbone(detector, WeightFile.Read(file), file);
            Tensor map = detector.Backbone.call(golden["input"])[0];
            if (last != 12)
            {
                // The stored ones are taken after the pooling that begins the next stage.
                map = nn.functional.max_pool2d(map, 3, 2, ceil_mode: true);
            }

            Close(golden[name + ".mean"], map.mean([0, 2, 3]), 2e-4);
            if (golden.TryGetValue(name + ".out", out Tensor? full))
            {
                Close(full, map, 2e-3);
            }
        }
    }

    /// <summary>Twelve photos through file reading, resizing and the whole classifier.</summary>
    [SkippableTheory]
    [InlineData("mobilenet_v2", "mobilenet_v2_tfquant", 18)]
    [InlineData("squeezenet1_0", "squeezenet1_0_deepcompression", 12)]
    public void Classifier_OnPhotos_ReproducesTheStoredTopFive(string name, string weightFile, int last)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        string file = SharedData.Data($"weights/{weightFile}.pth");
        IReadOnlyDictionary<string, Tensor> weights = WeightFile.Read(file);
        DetectorConfig preset = DetectorPresets.Create("faster-rcnn-c4", name, 2);
        using TwoStageDetector detector = DetectorFactory.Create(preset with { Backbone = preset.Backbone with { LastBlock = last } }, 0);
        DetectorWeights.LoadBackbone(detector, weights, file);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(SharedData.Data("weights/expected_top5_voc.json")));
        int photos = 0;
        foreach (JsonProperty photo in expected.RootElement.EnumerateObject())
        {
            using var inner = NewDisposeScope();
            Tensor map = detector.Backbone.call(Crop(ImageFile.Read(SharedData.Data($"voc2012-100/JPEGImages/{photo.Name}.jpg")), preset.Input))[0];
            Tensor logits = name == "mobilenet_v2"
                ? nn.functional.linear(map.mean([2, 3]), weights["classifier.1.weight"], weights["classifier.1.bias"])
                : nn.functional.relu(nn.functional.conv2d(map, weights["classifier.1.weight"], weights["classifier.1.bias"])).mean([2, 3]);
            float[] probabilities = TinyDetector.Floats(logits.softmax(1));
            int[] best = [.. Enumerable.Range(0, 1000).OrderByDescending(i => probabilities[i]).Take(5)];
            JsonElement[] top = [.. photo.Value.GetProperty(name).EnumerateArray()];
            Assert.Equal(top[0][0].GetInt32(), best[0]);
            Assert.All(top, row => Assert.Equal(row[2].GetDouble(), probabilities[row[0].GetInt32()], 0.0015));
            photos++;
        }

        Assert.Equal(12, photos);
    }

    /// <summary>Shorter side to 256 as PIL does, the middle 224×224, normalised: [1,3,224,224].</summary>
    private static Tensor Crop(RgbImage image, InputConfig input)
    {
        (int height, int width) = image.Height < image.Width ? (256, 256 * image.Width / image.Height) : (256 * image.Height / image.Width, 256);
        RgbImage scaled = PilResize.Bilinear(image, height, width);
        Tensor all = tensor(scaled.Pixels, [height, width, 3], ScalarType.Byte);
        int top = (int)Math.Round((height - 224) / 2.0, MidpointRounding.ToEven), left = (int)Math.Round((width - 224) / 2.0, MidpointRounding.ToEven);
        Tensor pixels = all.narrow(0, top, 224).narrow(1, left, 224).permute(2, 0, 1).to(ScalarType.Float32).div(255);
        Tensor mean = tensor(input.Mean).to(ScalarType.Float32).view(3, 1, 1), deviation = tensor(input.Std).to(ScalarType.Float32).view(3, 1, 1);
        return pixels.sub(mean).div(deviation).unsqueeze(0);
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        float difference = expected.sub(actual).abs().max().item<float>();
        Assert.True(difference < tolerance, $"largest difference {difference}");
    }
}
