using System.CommandLine;
using Rcnn.Cli;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Settings;
using Rcnn.Core.Training;
using Rcnn.Tests.Training;
using TorchSharp;

namespace Rcnn.Tests.Settings;

/// <summary>What settings may be, and what is said about those that may not.</summary>
public sealed class SettingRangeTests
{
    private static readonly string[] Suspects = ["-2", "0", "1.5", "1e9", "100000000", "nonsense", "[]", "[0,0]", "[-1]", "[[]]", "[[0]]", "[2,1]"];

    public static TheoryData<string> Keys => [.. SettingRanges.All.Keys];

    /// <summary>A new setting needs a line in <see cref="SettingRanges"/>; a switch has none.</summary>
    [Fact]
    public void EverySetting_ButSwitches_HasARange()
    {
        IReadOnlyDictionary<string, string> values = ConfigJson.Flatten(new TrainConfig());
        string[] expected = [.. ConfigOverrides.Paths<TrainConfig>().Where(path => values[path] is not ("true" or "false"))];
        Assert.Empty(expected.Except(SettingRanges.All.Keys));
        Assert.Empty(SettingRanges.All.Keys.Except(expected));
    }

    /// <summary>Whatever of the suspects can be written into a setting and is outside its range is refused with one line that names setting, value and range.</summary>
    [Theory]
    [MemberData(nameof(Keys))]
    public void EveryValueOutsideItsRange_IsRefusedByName(string key)
    {
        SettingRange range = SettingRanges.All[key];
        int refused = 0;
        foreach (string suspect in Suspects)
        {
            TrainConfig config;
            try
            {
                config = ConfigOverrides.Apply(new TrainConfig(), key, suspect);
            }
            catch (RcnnException)
            {
                // Not of the setting's type.
                continue;
            }

            if (range.Holds(Value(config, key)))
            {
                continue;
            }

            RcnnException e = Assert.Throws<RcnnException>(() => ConfigCheck.Validate(config));
            Assert.Equal(2, e.ExitCode);
            Assert.StartsWith($"{key}=", e.Message, StringComparison.Ordinal);
            Assert.Contains($": expected {(range.Names is { } names ? string.Join(", ", names) : range.Text)}", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
            Assert.DoesNotContain("Parameter", e.Message, StringComparison.Ordinal);
            refused++;
        }

        bool free = key is "seed" or "model.rcnn.svm.hardMargin" or "model.rcnn.svm.evictMargin" || range.Names is null && range.Holds("");
        Assert.True(free || refused > 0, $"{key}: nothing was refused");
    }

    [Theory]
    [InlineData("model.input.fixedSize=[320]", "model.input.fixedSize=[320]: expected [height,width] of 1 or more each or null")]
    [InlineData("model.input.fixedSize=[0,0]", "model.input.fixedSize=[0,0]: expected [height,width]")]
    [InlineData("model.roi.headWidth=0", "model.roi.headWidth=0: expected a positive number")]
    [InlineData("model.roi.batchPerImage=0", "model.roi.batchPerImage=0: expected a positive number")]
    [InlineData("model.rpn.positiveFraction=2", "model.rpn.positiveFraction=2: expected a value in [0,1]")]
    [InlineData("model.rpn.preNmsTrain=0", "model.rpn.preNmsTrain=0: expected a positive number")]
    [InlineData("model.roi.boxWeights=[1,1]", "model.roi.boxWeights=[1,1]: expected four positive numbers")]
    [InlineData("model.rpn.foregroundIou=0.2", "model.rpn.foregroundIou=0.2: expected model.rpn.backgroundIou (0.3) or more")]
    [InlineData("model.roi.backgroundIou=0.6", "model.roi.foregroundIou=0.5: expected model.roi.backgroundIou (0.6) or more")]
    [InlineData("model.roi.backgroundIouLow=0.7", "model.roi.backgroundIouLow=0.7: expected a value in [0,0.5]")]
    [InlineData("model.roi.canonicalSize=0", "model.roi.canonicalSize=0: expected a positive number")]
    [InlineData("model.backbone.widthMultiplier=0", "model.backbone.widthMultiplier=0: expected a positive number")]
    [InlineData("model.output.nmsThreshold=-1", "model.output.nmsThreshold=-1: expected a value in [0,1]")]
    [InlineData("model.rcnn.svm.c=0", "model.rcnn.svm.c=0: expected a positive number")]
    [InlineData("model.backbone.norm=xyz", "model.backbone.norm=xyz: expected frozen, bn, gn; did you mean")]
    [InlineData("model.input.maxSize=700", "model.input.maxSize=700: expected model.input.minSize (800) or more")]
    [InlineData("model.rpn.anchors.sizes=[[8],[8,16]]", "model.rpn.anchors.sizes=[[8],[8,16]]: expected as many sizes on every level")]
    [InlineData("optimizer.momentum=0", "optimizer.nesterov=true: expected false with optimizer.momentum=0")]
    [InlineData("data.augment.cropMinimum=0", "data.augment.cropMinimum=0: expected a value in (0,1]")]
    [InlineData("stop.steps=0", "stop.steps=0: expected a positive number or null")]
    public void SenselessSetting_GetsOneLine(string setting, string message)
    {
        TrainConfig config = ConfigOverrides.Apply(new TrainConfig { Optimizer = new() { Nesterov = true } }, [setting]);
        Assert.StartsWith(message, Assert.Throws<RcnnException>(() => ConfigCheck.Validate(config)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.roi.canonicalSize=0")]
    [InlineData("model.rpn.preNmsTest=0")]
    [InlineData("model.rpn.nmsThreshold=NaN")]
    public void Create_ChecksTheModelToo(string setting)
    {
        string value = setting.Split('=')[1];
        DetectorConfig config = value == "NaN" ? new DetectorConfig { Rpn = new() { NmsThreshold = double.NaN } } : ConfigOverrides.Apply(new TrainConfig(), [setting]).Model;
        Assert.StartsWith(setting + ":", Assert.Throws<RcnnException>(() => DetectorFactory.Create(config, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BranchOfAConfigFile_ThatIsNull_IsNamed()
    {
        TrainConfig config = ConfigJson.Read<TrainConfig>("{\"model\":{\"rpn\":null}}", "config.json");
        Assert.Equal("model.rpn=null: expected settings", Assert.Throws<RcnnException>(() => ConfigCheck.Validate(config)).Message);
    }

    [Fact]
    public void EveryPreset_Passes()
    {
        foreach (string model in DetectorFactory.Assemblies)
        {
            foreach (string backbone in DetectorPresets.Backbones)
            {
                ConfigCheck.Validate(TrainPresets.For(model, backbone, 20));
            }
        }

        foreach (string model in DetectorPresets.Torchvision)
        {
            ConfigCheck.Validate(TrainPresets.For(model, null, 20));
        }

        foreach (string profile in Convention.Profiles)
        {
            ConfigCheck.Validate(ConfigOverrides.Apply(new TrainConfig(), ["convention=" + profile]));
        }

        ConfigCheck.Validate(SyntheticPreset.Create());
    }

    [Fact]
    public void TruncatedLayers_OfADetectorWithoutRegionHead_AreRefusedByItsName()
    {
        using var detector = new NoDetector();
        Assert.Equal("svd: a detector with a region head (fast-rcnn, faster-rcnn or mask-rcnn) expected, got rcnn",
            Assert.Throws<RcnnException>(() => FullyConnectedRanks.Parse("fc6=4").ApplyTo(detector)).Message);
    }

    [Theory]
    [InlineData("rcnn")]
    [InlineData("fast-rcnn")]
    public void Proposals_OfARunWithoutProposalNetwork_AreRefused(string model)
    {
        using var folder = new TemporaryFolder();
        RunFolder.Create(folder.File("run"), TrainPresets.For(model, "mobilenet_v2", 2));
        string[] call = ["proposals", "--data", "synthetic:easy:train:1", "--run", folder.File("run"), "--out", folder.File("p")];
        RcnnException e = Assert.Throws<RcnnException>(() => Program.Root().Parse(call).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
        Assert.EndsWith($"a run with a proposal network expected (faster-rcnn or mask-rcnn), got {model}", e.Message, StringComparison.Ordinal);
    }

    private static object Value(object config, string key) => key.Split('.').Aggregate(config, (node, name) =>
        ConfigOverrides.Settings(node.GetType()).Single(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).GetValue(node)!);

    private sealed class NoDetector : IDetector
    {
        public DetectorConfig Config { get; } = new() { Assembly = "rcnn" };

        public bool HasMasks => false;

        public void eval()
        {
        }

        public void Dispose()
        {
        }

        public IReadOnlyList<Detections> Detect(IReadOnlyList<torch.Tensor> images, IReadOnlyList<torch.Tensor>? external = null) => throw new InvalidOperationException();
    }
}
