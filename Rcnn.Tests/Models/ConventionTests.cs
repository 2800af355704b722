using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Training;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class ConventionTests
{
    public static TheoryData<string> RowNames => [.. Convention.Rows.Select(r => r.Name)];

    [Fact]
    public void Default_IsTorchvision_InEveryRow() =>
        Assert.All(Convention.Rows, r => Assert.Contains("torchvision", r.Active(new DetectorConfig())));

    [Theory]
    [InlineData("torchvision")]
    [InlineData("detectron2")]
    [InlineData("caffe2015")]
    public void Apply_OfAWholeProfile_MakesEveryRowActive_AndGoesBack(string profile)
    {
        foreach (DetectorConfig start in new[] { new DetectorConfig(), DetectorPresets.Create("faster-rcnn-c4", "resnet50", 21) })
        {
            DetectorConfig changed = Convention.Apply(start, null, profile);
            Assert.All(Convention.Rows, r => Assert.Contains(profile, r.Active(changed)));
            Assert.Equal(JsonSerializer.Serialize(Convention.Apply(start, null, "torchvision")), JsonSerializer.Serialize(Convention.Apply(changed, null, "torchvision")));
        }
    }

    /// <summary>A row touches its own settings: every other row stays as it was.</summary>
    [Theory]
    [MemberData(nameof(RowNames))]
    public void Apply_OfOneRow_LeavesTheOthers(string name)
    {
        foreach (string profile in Convention.Profiles)
        {
            DetectorConfig changed = Convention.Apply(new DetectorConfig(), name, profile);
            Assert.All(Convention.Rows.Where(r => r.Name != name), r => Assert.Equal(r.Active(new DetectorConfig()), r.Active(changed)));
            Assert.Contains(profile, Convention.Rows.Single(r => r.Name == name).Active(changed));
        }
    }

    [Theory]
    [InlineData("detectron2")]
    [InlineData("caffe2015")]
    public void Detector_OfEachProfile_TrainsAndDetects(string profile)
    {
        foreach (DetectorConfig shape in new[] { TinyDetector.SingleMap, TinyDetector.Mask })
        {
            using var scope = NewDisposeScope();
            DetectorConfig config = Convention.Apply(shape, null, profile);
            config = config with { Input = config.Input with { MinSize = 96, MaxSize = 128 } };
            using TwoStageDetector detector = DetectorFactory.Create(config, 0);
            (Tensor image, Target target) = TinyDetector.MaskedScene(0);
            LossParts losses = detector.Losses([image, image], [target, target], new RandomStream(0));
            Assert.All(losses.Parts, p => Assert.True(float.IsFinite(p.Value.item<float>()), p.Name));
            losses.Total().backward();
            detector.eval();
            Detections found = detector.Detect([image])[0];
            Assert.All(TinyDetector.Floats(found.Boxes), v => Assert.True(float.IsFinite(v)));
        }
    }

    /// <summary>The rows that change nothing of what an assembly computes: R-CNN has its own boxes, sampler and regression, Fast R-CNN no proposal network.</summary>
    [Theory]
    [InlineData("rcnn", "mobilenet_v2", "input test normEps")]
    [InlineData("rcnn", "alexnet", "input test")]
    [InlineData("fast-rcnn", "vgg16", "input resize sizes corners boxExtent selectionExtent coderWeights coderClip roiSampler roiBoxLoss roiPooling level test")]
    [InlineData("fast-rcnn", "resnet50", "input resize sizes corners boxExtent selectionExtent coderWeights coderClip roiSampler roiBoxLoss roiPooling level test normEps")]
    public void RowsOfAnAssembly_AreThoseThatActOnIt(string model, string backbone, string expected)
    {
        DetectorConfig config = DetectorPresets.Create(model, backbone, 21);
        Assert.Equal(expected, string.Join(' ', Convention.Rows.Where(r => r.IsUsed(config)).Select(r => r.Name)));
    }

    /// <summary>The paper's own networks get its sampling, those of other sizes keep theirs.</summary>
    [Theory]
    [InlineData("fast-rcnn", "vgg16", 64, 0.1, 0.3)]
    [InlineData("fast-rcnn", "alexnet", 64, 0.1, 0.3)]
    [InlineData("fast-rcnn", "mobilenet_v2", 64, 0.0, 0.5)]
    [InlineData("fast-rcnn", "resnet18", 512, 0.0, 0.5)]
    [InlineData("faster-rcnn-c4", "vgg16", 512, 0.0, 0.5)]
    public void FastRcnn_OfThePapersNetworks_SamplesAsThePaper(string model, string backbone, int regions, double low, double nms)
    {
        TrainConfig config = TrainPresets.For(model, backbone, 20);
        Assert.Equal((regions, 0.25, 0.5, 0.5, low, nms), (
            config.Model.Roi.BatchPerImage, config.Model.Roi.PositiveFraction, config.Model.Roi.ForegroundIou, config.Model.Roi.BackgroundIou, config.Model.Roi.BackgroundIouLow,
            config.Model.Output.NmsThreshold));
        if (low > 0)
        {
            Assert.Equal(2, config.Data.BatchSize);
            Assert.Contains("caffe2015", Convention.Rows.Single(r => r.Name == "roiSampler").Active(config.Model));
            Assert.Contains("caffe2015", Convention.Rows.Single(r => r.Name == "test").Active(config.Model));
        }
    }

    [Fact]
    public void RowsOfMaskRcnn_AreAll_AndFasterRcnnPastesNoMasks()
    {
        Assert.All(Convention.Rows, r => Assert.True(r.IsUsed(DetectorPresets.Create("mask-rcnn-fpn", null, 21)), r.Name));
        DetectorConfig boxes = DetectorPresets.Create("faster-rcnn-c4", null, 21);
        Assert.Equal(["maskPaste"], Convention.Rows.Where(r => !r.IsUsed(boxes)).Select(r => r.Name));
    }

    /// <summary>The settings of a proposal network that is not there say nothing about the profile.</summary>
    [Fact]
    public void RowOfBothStages_OfFastRcnn_IsThatOfItsOwnStage()
    {
        DetectorConfig config = DetectorPresets.Create("fast-rcnn", null, 21);
        config = config with { Roi = config.Roi with { BoxExtent = "inclusive" } };
        ConventionRow row = Convention.Rows.Single(r => r.Name == "boxExtent");
        Assert.Equal(["caffe2015"], row.Active(config));
        Assert.Equal("inclusive", row.Value(config));
        Assert.Equal("half-open, inclusive", row.Value(config with { Assembly = "faster-rcnn-c4" }));
    }

    [Fact]
    public void Settings_ReachRowsAndProfiles_WithTheModelNamedOrNot()
    {
        var run = new TrainConfig();
        TrainConfig one = ConfigOverrides.Apply(run, ["convention.roiPooling=caffe2015"]);
        Assert.Equal("pool", one.Model.Roi.Pooling);
        Assert.Equal("smooth-l1", one.Model.Roi.BoxLoss.Kind);
        TrainConfig all = ConfigOverrides.Apply(run, ["model.convention=detectron2", "model.roi.samplingRatio=3"]);
        Assert.Equal(("align", true, 3, "l1"), (all.Model.Roi.Pooling, all.Model.Roi.Aligned, all.Model.Roi.SamplingRatio, all.Model.Roi.BoxLoss.Kind));
        Assert.Empty(Convention.Rows.Single(r => r.Name == "roiPooling").Active(all.Model));
    }

    [Theory]
    [InlineData("convention=detectron3", "caffe2015")]
    [InlineData("convention.roiPool=detectron2", "roiPooling")]
    public void Settings_WithAnUnknownName_SayWhichThereAre(string setting, string part)
    {
        RcnnException e = Assert.Throws<RcnnException>(() => ConfigOverrides.Apply(new TrainConfig(), [setting]));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains(part, e.Message, StringComparison.Ordinal);
    }

    // Detectron2: ResizeShortestEdge.get_output_shape; py-faster-rcnn: prep_im_for_blob with cv2's rounding of side × scale.
    [Theory]
    [InlineData("pil", 375, 500, 800, 1333, 800, 1067)]
    [InlineData("pil", 100, 1000, 800, 1333, 133, 1333)]
    [InlineData("pil", 500, 333, 800, 1333, 1201, 800)]
    [InlineData("cv2", 375, 500, 600, 1000, 600, 800)]
    [InlineData("cv2", 333, 500, 600, 1000, 600, 901)]
    [InlineData("cv2", 200, 500, 600, 1000, 400, 1000)]
    public void Target_OfEachResize_IsItsOwn(string resize, int height, int width, int min, int max, int expectedHeight, int expectedWidth) =>
        Assert.Equal(
            new ImageSize(expectedHeight, expectedWidth),
            ResizeGeometry.Target(new ImageSize(height, width), new InputConfig { Resize = resize, MinSize = min, MaxSize = max }));

    [Fact]
    public void Batch_OfDetectron2_IsPillowsPixelsWithMeansTakenAway_BlueFirst()
    {
        using var scope = NewDisposeScope();
        InputConfig input = Convention.Apply(new DetectorConfig(), null, "detectron2").Input with { MinSize = 40, MaxSize = 90 };
        var bytes = new byte[60 * 90 * 3];
        new Random(3).NextBytes(bytes);
        Tensor pixels = new InputTransform(input).Batch([tensor(bytes, [60, 90, 3], ScalarType.Byte)]).Pixels;
        RgbImage scaled = PilResize.Bilinear(new RgbImage(60, 90, bytes), 40, 60);
        double[] means = [103.53, 116.28, 123.675];
        Assert.Equal([1, 3, 64, 64], pixels.shape);
        float[] values = TinyDetector.Floats(pixels);
        for (int channel = 0; channel < 3; channel++)
        {
            for (int y = 0; y < 64; y++)
            {
                for (int x = 0; x < 64; x++)
                {
                    double expected = y < 40 && x < 60 ? scaled.Pixels[(y * 60 + x) * 3 + 2 - channel] - means[channel] : 0;
                    Assert.Equal(expected, values[(channel * 64 + y) * 64 + x], 1e-3);
                }
            }
        }
    }

    /// <summary>A map of 13 cells on 800 pixels: 61 pixels apart by torchvision's division, 64 by the backbone's stride.</summary>
    [Theory]
    [InlineData("grid", 61)]
    [InlineData("fixed", 64)]
    public void Anchors_OfEachStride_AreThatFarApart(string stride, int expected)
    {
        using var scope = NewDisposeScope();
        var config = new RpnConfig
        {
            Anchors = new() { Sizes = [[64]], AspectRatios = [1], Stride = stride },
            NmsThreshold = 1,
            PreNmsTest = 1000,
            PostNmsTest = 1000,
        };
        using var rpn = new RegionProposalNetwork(config, ["0"], 4);
        Tensor logits = arange(169, ScalarType.Float32).neg().view(1, 1, 13, 13);
        var batch = new ImageBatch(zeros([1, 3, 800, 800]), [new ImageSize(800, 800)], [new ImageSize(800, 800)]);
        float[] boxes = TinyDetector.Floats(rpn.Propose(new RpnPrediction([logits], [zeros([1, 4, 13, 13])]), batch, train: false)[0]);
        // By falling logit the anchors come cell after cell; the second and third of the first row do not touch the border.
        Assert.Equal(expected, boxes[8] - boxes[4]);
    }

    /// <summary>16 pixels of the original are 32 of an image resized to twice the size.</summary>
    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public void SmallestProposal_MayBeMeasuredInTheOriginal(bool original, int expected)
    {
        using var scope = NewDisposeScope();
        var config = new RpnConfig { Anchors = new() { Sizes = [[24, 40]], AspectRatios = [1] }, MinSize = 16, MinSizeOfOriginal = original, ScoreThreshold = 0.1 };
        using var rpn = new RegionProposalNetwork(config, ["0"], 4);
        var batch = new ImageBatch(zeros([1, 3, 192, 192]), [new ImageSize(192, 192)], [new ImageSize(96, 96)]);
        Tensor logits = full([1, 2, 3, 3], -30, ScalarType.Float32);
        logits[0, 0, 1, 1] = tensor(1f);
        logits[0, 1, 1, 1] = tensor(0.5f);
        float[] boxes = TinyDetector.Floats(rpn.Propose(new RpnPrediction([logits], [zeros([1, 8, 3, 3])]), batch, train: false)[0]);
        Assert.Equal(expected, Enumerable.Range(0, boxes.Length / 4).Select(i => boxes[4 * i + 2] - boxes[4 * i]).Distinct().Count());
    }
}
