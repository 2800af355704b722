using Rcnn.Core.Data;
using Rcnn.Ops;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>Computes the loss parts of a batch. The stream decides which anchors and regions are sampled.</summary>
public delegate LossParts BatchLoss(Batch batch, RandomStream random);

/// <summary>
/// One training step after another: loss, gradient, clipping, update. Knows nothing of files or time. Its whole state is the model's weights,
/// <see cref="Groups"/>' memory, <see cref="Random"/>, <see cref="Scaler"/> and libtorch's generator, so that a restored trainer continues to the bit.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly nn.Module _model;
    private readonly BatchLoss _loss;
    private readonly double _clip;
    private readonly int _microBatch;
    private readonly LearningRateSchedule _schedule;
    private readonly Precision _precision;

    /// <exception cref="RcnnException">A precision that the model's device does not have.</exception>
    public Trainer(nn.Module model, BatchLoss loss, TrainConfig config)
        : this(model, loss, config, null)
    {
    }

    /// <param name="scaler">Takes the place of the precision's own; may be null.</param>
    internal Trainer(nn.Module model, BatchLoss loss, TrainConfig config, LossScaler? scaler)
    {
        _precision = new Precision(config.Precision, model.parameters().Select(p => p.device_type).FirstOrDefault(DeviceType.CPU));
        Scaler = scaler ?? _precision.Scaler;
        _model = model;
        _loss = loss;
        (_clip, _microBatch) = (config.Optimizer.ClipNorm, config.Optimizer.MicroBatch);
        _schedule = new LearningRateSchedule(config.Schedule);
        Groups = ParameterGroups.Create(model, config.Optimizer);
        Random = new RandomStream(config.Seed, "sampling");
        Average = config.Optimizer.AverageDecay > 0 ? new WeightAverage(model, config.Optimizer.AverageDecay) : null;
    }

    public nn.Module Model => _model;

    public ParameterGroups Groups { get; }

    /// <summary>Decides which anchors and regions are sampled.</summary>
    public RandomStream Random { get; }

    /// <summary>The dynamic loss scale; null but with float16.</summary>
    public LossScaler? Scaler { get; }

    /// <summary>The moving average of the weights, or null when the configuration wants none.</summary>
    public WeightAverage? Average { get; }

    /// <summary>The loss parts of a batch, without a step.</summary>
    public LossParts Loss(Batch batch, RandomStream random) => _loss(batch, random);

    /// <summary>Updates the weights once.</summary>
    /// <param name="batch">Images and targets; stays with the caller.</param>
    /// <param name="step">Steps done before this one.</param>
    /// <param name="fraction">Fraction of the run done before this step, for the schedule.</param>
    /// <exception cref="NonFiniteLossException">A loss part or the gradient is infinite or not a number (with a loss scale: even at a scale of 1); the weights are as before the step.</exception>
    public StepLoss Step(Batch batch, int step, double fraction)
    {
        using DisposeScope scope = NewDisposeScope();
        double factor = _schedule.Factor(step, fraction);
        double rate = 0;
        foreach (optim.ILearningRateController group in Groups.Optimizer.ParamGroups)
        {
            group.LearningRate = group.InitialLearningRate * factor;
            rate = rate == 0 ? group.LearningRate : rate;
        }

        foreach ((_, Parameter parameter) in Groups.Parameters)
        {
            parameter.grad = null;
        }

        (string Name, double Value)[] parts = Backward(batch);
        Scaler?.Unscale(Groups.Parameters.Select(p => p.Parameter));
        double norm = nn.utils.clip_grad_norm_(Groups.Parameters.Select(p => p.Parameter), _clip > 0 ? _clip : double.PositiveInfinity);
        if (Scaler is null && !double.IsFinite(norm))
        {
            throw new NonFiniteLossException("gradient norm", norm);
        }

        bool counts = Scaler?.Update(norm) ?? true;
        if (counts)
        {
            Groups.Optimizer.step();
            Average?.Update(step);
        }

        return new StepLoss(parts.Sum(p => p.Value), parts, rate, counts ? norm : 0, Scaler?.Scale);
    }

    public void Dispose()
    {
        Groups.Optimizer.Dispose();
        Average?.Dispose();
    }

    /// <summary>Adds up the gradients of the batch, a part at a time; each part's losses count by its share of the images.</summary>
    private (string Name, double Value)[] Backward(Batch batch)
    {
        int images = batch.Images.Count, size = _microBatch > 0 ? Math.Min(_microBatch, images) : images;
        (string Name, double Value)[] sums = [];
        for (int first = 0; first < images; first += size)
        {
            using DisposeScope scope = NewDisposeScope();
            int count = Math.Min(size, images - first);
            double share = (double)count / images;
            LossParts loss;
            using (_precision.Autocast())
            {
                loss = _loss(count == images ? batch : batch.Slice(first, count), Random);
            }

            sums = sums.Length == 0 ? [.. loss.Parts.Select(p => (p.Name, 0.0))] : sums;
            for (int i = 0; i < sums.Length; i++)
            {
                double value = loss.Parts[i].Value.ToDouble();
                sums[i].Value += share * value;
                if (!double.IsFinite(value))
                {
                    throw new NonFiniteLossException(sums[i].Name, value);
                }
            }

            double factor = (count == images ? 1 : share) * (Scaler?.Scale ?? 1);
            (factor == 1 ? loss.Total() : loss.Total().mul(factor)).backward();
        }

        return sums;
    }
}

/// <summary>The numbers of one step.</summary>
/// <param name="Total">Sum of the parts.</param>
/// <param name="Parts">Loss parts in the model's order.</param>
/// <param name="LearningRate">Rate of the first parameter group.</param>
/// <param name="GradientNorm">Norm of all gradients before clipping; 0 where the step was left out because they overflowed in float16.</param>
public sealed record StepLoss(double Total, IReadOnlyList<(string Name, double Value)> Parts, double LearningRate, double GradientNorm, double? LossScale = null);

/// <summary>A part of the loss, or the gradient, is infinite or not a number.</summary>
public sealed class NonFiniteLossException(string component, double value)
    : Exception($"{component} is {value.ToString(System.Globalization.CultureInfo.InvariantCulture)}")
{
    public string Component { get; } = component;
}
