using Rcnn.Core;
using Rcnn.Core.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class LearningRateTests
{
    // From PyTorch 1.13.1: rates of eight steps of an SGD that starts at 0.1.
    public static TheoryData<string, double[]> PyTorch => new()
    {
        { "step", [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025] },
        { "multistep", [0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001] },
        { "cosine", [0.1, 0.095543599056, 0.083057041084, 0.065013442028, 0.044986557972, 0.026942958916, 0.014456400944, 0.01] },
        { "linear", [0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1, 0.1, 0.1] },
        { "lambda", [0.1, 0.05, 0.033333333333, 0.025, 0.02, 0.016666666667, 0.014285714286, 0.0125] },
        { "constant", [0.05, 0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1] },
        { "exponential", [0.1, 0.09, 0.081, 0.0729, 0.06561, 0.059049, 0.0531441, 0.04782969] },
    };

    [Theory]
    [MemberData(nameof(PyTorch))]
    public void Schedulers_EqualPyTorch(string kind, double[] expected)
    {
        using var scope = NewDisposeScope();
        using SGD optimizer = optim.SGD([new Parameter(zeros(1))], 0.1);
        optim.lr_scheduler.LRScheduler scheduler = kind switch
        {
            "step" => optim.lr_scheduler.StepLR(optimizer, 3, 0.5),
            "multistep" => optim.lr_scheduler.MultiStepLR(optimizer, [2, 5], 0.1),
            "cosine" => optim.lr_scheduler.CosineAnnealingLR(optimizer, 7, 0.01),
            "linear" => optim.lr_scheduler.LinearLR(optimizer, 0.25, 1, 4),
            "lambda" => optim.lr_scheduler.LambdaLR(optimizer, epoch => 1.0 / (1 + epoch)),
            "constant" => optim.lr_scheduler.ConstantLR(optimizer, 0.5, 3),
            _ => optim.lr_scheduler.ExponentialLR(optimizer, 0.9),
        };
        foreach (double rate in expected)
        {
            Assert.Equal(rate, optimizer.ParamGroups.Single().LearningRate, 1e-11);
            scheduler.step();
        }
    }

    [Fact]
    public void WarmUp_RisesToTheFullRate()
    {
        var schedule = new LearningRateSchedule(new ScheduleConfig { Kind = "constant", WarmupSteps = 4, WarmupFactor = 0.2 });
        Assert.Equal(0.4, schedule.Factor(0, 0), 1e-12);
        Assert.Equal(0.8, schedule.Factor(2, 0), 1e-12);
        Assert.Equal(1, schedule.Factor(3, 0), 1e-12);
        Assert.Equal(1, schedule.Factor(4, 0), 1e-12);
    }

    [Fact]
    public void Milestones_AreFractionsUpToOneAndStepsAbove()
    {
        var schedule = new LearningRateSchedule(new ScheduleConfig { WarmupSteps = 0, Milestones = [0.5, 900], Gamma = 0.1 });
        Assert.Equal(1, schedule.Factor(400, 0.49), 1e-12);
        Assert.Equal(0.1, schedule.Factor(400, 0.5), 1e-12);
        Assert.Equal(0.01, schedule.Factor(900, 0.9), 1e-12);
    }

    [Fact]
    public void Cosine_EndsAtItsFinalFactor()
    {
        var schedule = new LearningRateSchedule(new ScheduleConfig { Kind = "cosine", WarmupSteps = 0, FinalFactor = 0.1 });
        Assert.Equal(1, schedule.Factor(0, 0), 1e-12);
        Assert.Equal(0.55, schedule.Factor(1, 0.5), 1e-12);
        Assert.Equal(0.1, schedule.Factor(2, 1), 1e-12);
    }

    [Theory]
    [InlineData("spiral", new[] { 0.5 }, "schedule.kind=spiral")]
    [InlineData("step", new[] { 0.5, 0.4 }, "[0.5,0.4]")]
    [InlineData("step", new[] { 0.0 }, "[0]")]
    public void BadSchedule_IsNamed(string kind, double[] milestones, string named)
    {
        var e = Assert.Throws<RcnnException>(() => new LearningRateSchedule(new ScheduleConfig { Kind = kind, Milestones = milestones }));
        Assert.Contains(named, e.Message);
        Assert.Equal(2, e.ExitCode);
    }

    [Fact]
    public void Stop_TakesWhicheverComesFirst()
    {
        var stop = new StopRule(new StopConfig { Steps = 100, Epochs = 2.5, Minutes = 10 }, batchesPerEpoch: 10);
        Assert.Equal(25, stop.TotalSteps);
        Assert.Equal(0.2, stop.Fraction(5, TimeSpan.Zero), 1e-12);
        Assert.Equal(0.5, stop.Fraction(5, TimeSpan.FromMinutes(5)), 1e-12);
        Assert.Equal(1, stop.Fraction(0, TimeSpan.FromMinutes(11)), 1e-12);
    }

    [Fact]
    public void Stop_WithoutCondition_IsAUsageError()
    {
        Assert.Equal(2, Assert.Throws<RcnnException>(() => new StopRule(new StopConfig(), 10)).ExitCode);
        Assert.Equal(2, Assert.Throws<RcnnException>(() => new StopRule(new StopConfig { Steps = 0 }, 10)).ExitCode);
    }
}
