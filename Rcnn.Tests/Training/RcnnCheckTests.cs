using Rcnn.Core;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

public sealed class RcnnCheckTests
{
    [Theory]
    [InlineData("evalEvery=50", "evalEvery=50: would change nothing, as rcnn is measured once, when its machines are there; expected 0")]
    [InlineData("stop.patience=3", "stop.patience=3: would change nothing")]
    [InlineData("validationLoss=true", "validationLoss=true: would change nothing")]
    [InlineData("model.lossWeighting=uncertainty", "model.lossWeighting=uncertainty: would change nothing, as rcnn has a single loss")]
    public void SettingWithoutEffect_IsNamed_AndNoRunIsMade(string setting, string message)
    {
        using var folder = new TemporaryFolder();
        var data = TinyDetector.Data(2);
        TrainConfig config = ConfigOverrides.Apply(TrainPresets.For("rcnn", "mobilenet_v2", data.ClassNames.Count), ["stop.steps=1", setting]);
        RcnnException e = Assert.Throws<RcnnException>(() => TrainingRun.Execute(config, data, null, folder.File("run")));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("run")));
    }

    [Fact]
    public void RecipesEvalEvery_AndOtherModels_AreLeftAlone()
    {
        RcnnCheck.Unused(TrainPresets.For("rcnn", null, 3) with { EvalEvery = int.MaxValue });
        RcnnCheck.Unused(TrainPresets.For("fast-rcnn", null, 3) with { EvalEvery = 50, ValidationLoss = true, Stop = new StopConfig { Patience = 2 } });
    }
}
