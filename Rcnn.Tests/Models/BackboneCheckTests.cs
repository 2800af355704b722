using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Models;

public sealed class BackboneCheckTests
{
    [Theory]
    [InlineData("alexnet", true, "norm=bn", "alexnet has no normalisation; expected frozen")]
    [InlineData("vgg16", false, "norm=gn", "vgg16 has no normalisation; expected frozen")]
    [InlineData("squeezenet1_1", false, "normEps=0.001", "squeezenet1_1 has no normalisation; expected 1E-05")]
    [InlineData("resnet18", true, "lastBlock=2", "the pyramid takes all stages of resnet18 (model.backbone.fpn); expected null")]
    [InlineData("resnet50", false, "widthMultiplier=0.5", "resnet50 is no MobileNet; expected 1")]
    [InlineData("vgg11_bn", false, "widthMultiplier=0.5", "vgg11_bn is no MobileNet; expected 1")]
    [InlineData("mobilenet_v2", true, "baseWidth=32", "mobilenet_v2 is no ResNet; expected 64")]
    [InlineData("vgg16", true, "block=basic", "vgg16 is no ResNet; expected null")]
    [InlineData("mobilenet_v3_small", true, "layers=[1,1,1,1]", "mobilenet_v3_small is no ResNet; expected null")]
    [InlineData("mobilenet_v2", true, "reducedTail=true", "mobilenet_v2 is no MobileNetV3; expected false")]
    [InlineData("resnet50", false, "fpnChannels=64", "resnet50 stands without a pyramid (model.backbone.fpn); expected 256")]
    [InlineData("mobilenet_v2", false, "pyramid.topDown=false", "mobilenet_v2 stands without a pyramid (model.backbone.fpn); expected true")]
    public void SettingWithoutUse_IsNamedWithTheBackbone(string backbone, bool fpn, string setting, string reason)
    {
        DetectorConfig config = ConfigOverrides.Apply(new DetectorConfig { Backbone = new() { Name = backbone, Fpn = fpn } }, ["backbone." + setting]);
        RcnnException e = Assert.Throws<RcnnException>(() => BackboneCheck.Unused(config.Backbone));
        Assert.Equal($"model.backbone.{setting}: would change nothing, as {reason}", e.Message);
        Assert.Equal(2, e.ExitCode);
    }

    [Theory]
    [InlineData("vgg16_bn", false, "norm=bn")]
    [InlineData("resnet18", false, "lastBlock=2")]
    [InlineData("mobilenet_v2", true, "lastBlock=17")]
    [InlineData("vgg16", true, "lastBlock=29")]
    [InlineData("mobilenet_v3_large", true, "reducedTail=true")]
    [InlineData("resnet50", true, "baseWidth=32")]
    public void SettingWithUse_Passes(string backbone, bool fpn, string setting) =>
        BackboneCheck.Unused(ConfigOverrides.Apply(new DetectorConfig { Backbone = new() { Name = backbone, Fpn = fpn } }, ["backbone." + setting]).Backbone);

    [Fact]
    public void EveryPreset_Passes()
    {
        foreach (string model in DetectorFactory.Assemblies)
        {
            foreach (string backbone in DetectorPresets.Backbones)
            {
                BackboneCheck.Unused(DetectorPresets.Create(model, backbone, 21).Backbone);
            }
        }

        Assert.All(DetectorPresets.Torchvision, model => BackboneCheck.Unused(DetectorPresets.Create(model, null, 21).Backbone));
        BackboneCheck.Unused(SyntheticPreset.Create().Model.Backbone);
    }

    /// <summary>A new run is refused before its folder is made; a run of before this check is still opened.</summary>
    [Fact]
    public void NewRun_IsRefused_AnOldOneIsOpened()
    {
        using var folder = new Training.TemporaryFolder();
        IDetectionDataset data = Training.TinyDetector.Data(2);
        TrainConfig config = Training.TinyDetector.Config(data.ClassNames.Count, "stop.steps=1", "model.backbone.baseWidth=32");
        Assert.Contains("model.backbone.baseWidth=32", Assert.Throws<RcnnException>(() => TrainingRun.Execute(config, data, null, folder.File("new"))).Message);
        Assert.False(RunFolder.Exists(folder.File("new")));
        using TwoStageDetector old = DetectorFactory.Create(config.Model, 0);
        Assert.Equal(32, old.Config.Backbone.BaseWidth);
    }
}
