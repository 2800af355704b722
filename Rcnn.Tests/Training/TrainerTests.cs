using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class TrainerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void MicroBatches_GiveTheGradientOfTheWholeBatch(int size)
    {
        // The loss is a mean over images, so the gradient of the parts, each by its share, is that of the whole.
        (float[] whole, double norm) = Step(0);
        (float[] parts, double partNorm) = Step(size);
        Assert.Equal(norm, partNorm, 1e-5);
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.Equal(whole[i], parts[i], 1e-6f);
        }
    }

    [Fact]
    public void NonFiniteLoss_InALaterPart_LeavesTheWeights()
    {
        using var model = new ToyModel(5);
        int call = 0;
        using var trainer = new Trainer(model, (batch, _) => Loss(model, batch, call++ == 1 ? double.NaN : 1), Config(2));
        using Batch images = Images(5);
        float[] before = Weights(model);
        Assert.Throws<NonFiniteLossException>(() => trainer.Step(images, 0, 0));
        Assert.Equal(before, Weights(model));
    }

    [Fact]
    public void Groups_SplitNormsBiasesAndWeights()
    {
        using Sequential model = nn.Sequential(("conv", nn.Conv2d(3, 4, 3)), ("norm", nn.BatchNorm2d(4)), ("fc", nn.Linear(4, 2)));
        var config = new OptimizerConfig { LearningRate = 0.1, WeightDecay = 0.01, NormWeightDecay = 0, BiasWeightDecay = 0.5, Rates = new() { Bias = 2 } };
        var groups = ParameterGroups.Create(model, config);
        var found = new Dictionary<string, (double Rate, double Decay)>();
        foreach (SGD.ParamGroup group in groups.Optimizer.ParamGroups.Cast<SGD.ParamGroup>())
        {
            foreach (Parameter parameter in group.Parameters)
            {
                string name = model.named_parameters().Single(p => p.parameter.Handle == parameter.Handle).name;
                found[name] = (group.LearningRate, group.Options!.weight_decay!.Value);
            }
        }

        Assert.Equal((0.1, 0.01), found["conv.weight"]);
        Assert.Equal((0.2, 0.5), found["conv.bias"]);
        Assert.Equal((0.1, 0.0), found["norm.weight"]);
        Assert.Equal((0.1, 0.0), found["norm.bias"]);
        Assert.Equal((0.1, 0.01), found["fc.weight"]);
        Assert.Equal((0.2, 0.5), found["fc.bias"]);
        Assert.Equal(6, groups.Parameters.Count);
    }

    [Fact]
    public void Groups_WithoutSpecialRates_AreOne()
    {
        using Sequential model = nn.Sequential(("conv", nn.Conv2d(3, 4, 3)), ("norm", nn.BatchNorm2d(4)));
        Assert.Single(ParameterGroups.Create(model, new OptimizerConfig()).Optimizer.ParamGroups);
    }

    private static (float[] Weights, double Norm) Step(int microBatch)
    {
        using var model = new ToyModel(5);
        using var trainer = new Trainer(model, (batch, _) => Loss(model, batch, 1), Config(microBatch));
        using Batch images = Images(5);
        StepLoss loss = trainer.Step(images, 0, 0);
        return (Weights(model), loss.GradientNorm);
    }

    private static TrainConfig Config(int microBatch) => new()
    {
        Optimizer = new OptimizerConfig { LearningRate = 0.5, MicroBatch = microBatch, ClipNorm = 0 },
        Schedule = new ScheduleConfig { Kind = "constant", WarmupSteps = 0 },
    };

    private static LossParts Loss(ToyModel model, Batch batch, double factor)
    {
        Tensor[] each = [.. batch.Images.Select(image => (model.call(image.to_type(ScalarType.Float32).view(4, -1).mean([1])) - 1).square().sum())];
        var loss = new LossParts();
        loss.Add("loss_fit", stack(each).mean() * factor);
        return loss;
    }

    private static Batch Images(int count) => new(
        [.. Enumerable.Range(0, count)],
        [.. Enumerable.Range(0, count).Select(i => tensor(Enumerable.Range(0, 12).Select(j => (byte)((7 * i + j) % 5)).ToArray(), [2, 2, 3], dtype: uint8))],
        [.. Enumerable.Range(0, count).Select(_ => new Target(zeros(0, 4), zeros([0], dtype: ScalarType.Int64)))]);

    private static float[] Weights(ToyModel model)
    {
        using var scope = NewDisposeScope();
        return [.. model.state_dict().Values.SelectMany(v => v.detach().contiguous().data<float>().ToArray())];
    }
}
