using Rcnn.Core;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

public sealed class ConfigOverridesTests
{
    [Fact]
    public void Settings_ChangeWhatTheyName()
    {
        TrainConfig config = ConfigOverrides.Apply(new TrainConfig(),
        [
            "optimizer.learningRate=0.02", "Model.RPN.anchors.SIZES=[[16,32],[64]]", "stop.steps=7", "data.validation=voc:a=b",
            "model.backbone.fpn=false", "model.roi.levels=[\"0\"]", "seed=-3", "model.backbone.lastBlock=13",
        ]);
        Assert.Equal(0.02, config.Optimizer.LearningRate);
        Assert.Equal([[16.0, 32.0], [64.0]], config.Model.Rpn.Anchors.Sizes);
        Assert.Equal(7, config.Stop.Steps);
        Assert.Equal("voc:a=b", config.Data.Validation);
        Assert.False(config.Model.Backbone.Fpn);
        Assert.Equal(["0"], config.Model.Roi.Levels!);
        Assert.Equal(-3, config.Seed);
        Assert.Equal(13, config.Model.Backbone.LastBlock);
    }

    [Fact]
    public void Null_ClearsWhatMayBeAbsent()
    {
        TrainConfig config = new() { Stop = new StopConfig { Steps = 5 }, Init = "w.pth" };
        config = ConfigOverrides.Apply(config, ["stop.steps=null", "init=null"]);
        Assert.Null(config.Stop.Steps);
        Assert.Null(config.Init);
        Assert.Throws<RcnnException>(() => ConfigOverrides.Apply(config, ["seed=null"]));
    }

    [Theory]
    [InlineData("optimizer.learnigRate=1", "optimizer.learningRate")]
    [InlineData("optimizer.lr=1", "optimizer.learningRate")]
    [InlineData("learningrate=1", "optimizer.learningRate")]
    [InlineData("optimiser.momentum=1", "optimizer.momentum")]
    [InlineData("model.rpn.anchor.sizes=[]", "model.rpn.anchors.sizes")]
    [InlineData("model.rpn.anchors.sizes.first=1", "model.rpn.anchors.sizes")]
    [InlineData("data.batch_size=1", "data.batchSize")]
    public void UnknownName_NamesTheNearest(string setting, string nearest)
    {
        var e = Assert.Throws<RcnnException>(() => ConfigOverrides.Apply(new TrainConfig(), [setting]));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains("did you mean " + nearest + "?", e.Message);
    }

    [Theory]
    [InlineData("optimizer.learningRate=fast", "a number")]
    [InlineData("optimizer.learningRate=NaN", "a number")]
    [InlineData("data.batchSize=2.5", "a whole number")]
    [InlineData("data.batchSize=99999999999", "a whole number")]
    [InlineData("model.backbone.fpn=yes", "true or false")]
    [InlineData("model.rpn.anchors.sizes=[16,32]", "array of arrays")]
    [InlineData("model.rpn.anchors.aspectRatios=0.5,1", "array of numbers")]
    public void WrongType_NamesTheExpectedOne(string setting, string expected)
    {
        var e = Assert.Throws<RcnnException>(() => ConfigOverrides.Apply(new TrainConfig(), [setting]));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains(setting, e.Message);
        Assert.Contains(expected, e.Message);
    }

    [Theory]
    [InlineData("optimizer.learningRate")]
    [InlineData("=3")]
    public void WithoutEquals_IsAUsageError(string setting) =>
        Assert.Equal(2, Assert.Throws<RcnnException>(() => ConfigOverrides.Apply(new TrainConfig(), [setting])).ExitCode);

    [Fact]
    public void WholeBranch_CannotBeSet() =>
        Assert.Throws<RcnnException>(() => ConfigOverrides.Apply(new TrainConfig(), ["optimizer={}"]));

    [Fact]
    public void Json_RoundTrips()
    {
        TrainConfig config = ConfigOverrides.Apply(new TrainConfig(), ["model.input.fixedSize=[320,320]", "stop.minutes=2.5", "schedule.milestones=[0.6,0.9]"]);
        TrainConfig again = ConfigJson.Read<TrainConfig>(ConfigJson.Write(config), "config.json");
        Assert.Equal(ConfigJson.Flatten(config), ConfigJson.Flatten(again));
        Assert.Equal(ConfigOverrides.Paths<TrainConfig>(), ConfigJson.Flatten(config).Keys);
    }

    [Fact]
    public void Json_UnknownName_IsRejectedWithTheFile()
    {
        var e = Assert.Throws<RcnnException>(() => ConfigJson.Read<TrainConfig>("{\"optimizer\":{\"speed\":1}}", "runs/a/config.json"));
        Assert.Contains("runs/a/config.json", e.Message);
        Assert.Contains("speed", e.Message);
    }

    [Theory]
    [InlineData("model.input.trainSizes=[480]", "model.input.trainSizes=[480]")]
    [InlineData("model.input.trainSizes=[800,480]", "low ≤ high")]
    [InlineData("model.input.trainSizes=[0,480]", "model.input.trainSizes=[0,480]")]
    [InlineData("model.input.trainSizes=[480,1400]", "maxSize=1333")]
    [InlineData("model.input.trainSizesKind=list", "model.input.trainSizesKind=list: expected")]
    public void TrainSizes_ThatMakeNoSense_NameTheSetting(string setting, string part) =>
        Assert.Contains(part, Assert.Throws<RcnnException>(() => ConfigCheck.Validate(ConfigOverrides.Apply(new TrainConfig(), [setting]))).Message);
}
