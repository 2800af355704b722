using Rcnn.Cli.Progress;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

public sealed class ProgressRateTests
{
    [Fact]
    public void Losses_OfTheNextTraining_BeginAnew()
    {
        var rate = new ProgressRate();
        rate.Add(Report(1, 4, "loss_objectness"));
        rate.Add(Report(2, 4, "loss_objectness"));
        Assert.Equal("loss 4.000 (objectness 4.000)", rate.Losses());
        rate.Add(Report(1, 1, "loss_classifier"));
        Assert.Equal("loss 1.000 (classifier 1.000)", rate.Losses());
    }

    private static StepReport Report(int step, double loss, string part) => new(step, 0, 2, step / 2.0, TimeSpan.FromSeconds(step), loss, [(part, loss)], 0.1, 1);
}
