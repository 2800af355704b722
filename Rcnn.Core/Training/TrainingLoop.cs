using System.Diagnostics;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;

namespace Rcnn.Core.Training;

/// <summary>Steps, validations and checkpoints in their order, until the run is done or cancelled.</summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly TrainConfig _config;
    private readonly IDetectionDataset _train;
    private readonly IDetectionDataset? _validation;
    private readonly RunFolder _folder;
    private readonly Trainer _trainer;
    private readonly MetricsLog _log;
    private readonly Func<IDetectionDataset, ITrainingObserver?, IReadOnlyDictionary<string, double>> _validate;
    private readonly ITrainingObserver? _observer;
    private readonly Func<IDetectionDataset, IReadOnlyList<(string Name, RgbImage Image)>>? _pictures;
    private readonly ProposalSource? _proposals;
    private readonly BatchLoader _loader;
    private EventFile? _events;
    private readonly int _batchesPerEpoch;
    private readonly StopRule _stop;
    private readonly Stopwatch _clock = new();
    private CheckpointState _state = new();
    private TimeSpan _before;

    public TrainingLoop(
        TrainConfig config,
        IDetectionDataset train,
        IDetectionDataset? validation,
        RunFolder folder,
        Trainer trainer,
        MetricsLog log,
        Func<IDetectionDataset, ITrainingObserver?, IReadOnlyDictionary<string, double>> validate,
        ITrainingObserver? observer,
        ProposalSource? proposals,
        Func<IDetectionDataset, IReadOnlyList<(string Name, RgbImage Image)>>? pictures)
    {
        (_config, _train, _validation, _folder, _trainer, _log, _validate, _observer) = (config, train, validation, folder, trainer, log, validate, observer);
        (_proposals, _pictures) = (proposals, pictures);
        _loader = new BatchLoader(train, TrainingFeed.Options(config, proposals));
        _batchesPerEpoch = _loader.BatchesPerEpoch;
        _stop = new StopRule(config.Stop, _batchesPerEpoch);
    }

    private TimeSpan Elapsed => _before + _clock.Elapsed;

    private bool OutOfPatience => _state.StaleValidations >= _config.Stop.Patience;

    public RunSummary Run(CheckpointState start, CancellationToken cancellation)
    {
        _state = start;
        // TensorBoard drops what earlier sessions wrote at this step and beyond: the step that the checkpoint holds stays.
        _events = new EventFile(_folder.Directory, start.Step + 1);
        _before = TimeSpan.FromSeconds(start.ElapsedSeconds);
        _clock.Start();
        TrainedParts.EnterTraining(_trainer.Model, _config.Parts);
        try
        {
            if (_state.ValidationPending)
            {
                _ = Validate();
                Save();
            }

            bool done = _stop.Fraction(_state.Step, Elapsed) >= 1 || OutOfPatience;
            while (!done)
            {
                foreach (Batch batch in _loader.Epoch(_state.Epoch, _state.Batch, cancellation))
                {
                    using (batch)
                    {
                        Step(batch);
                    }

                    done = _stop.Fraction(_state.Step, Elapsed) >= 1;
                    bool improved = ValidationDue(done) && Validate();
                    done |= OutOfPatience;
                    if (improved || done || _state.Step % _config.CheckpointEvery == 0)
                    {
                        Save();
                    }

                    if (done)
                    {
                        break;
                    }

                    cancellation.ThrowIfCancellationRequested();
                }
            }

            return Summary(RunOutcome.Completed);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Save();
            return Summary(RunOutcome.Interrupted);
        }
    }

    public void Dispose()
    {
        _loader.Dispose();
        _events?.Dispose();
    }

    private void Step(Batch batch)
    {
        double fraction = _stop.Fraction(_state.Step, Elapsed);
        StepLoss loss;
        try
        {
            loss = _trainer.Step(batch, _state.Step, fraction);
        }
        catch (NonFiniteLossException e)
        {
            throw NonFinite(e, batch);
        }

        int epoch = _state.Epoch;
        bool last = _state.Batch + 1 >= _batchesPerEpoch;
        _state = _state with
        {
            Step = _state.Step + 1,
            Epoch = last ? epoch + 1 : epoch,
            Batch = last ? 0 : _state.Batch + 1,
            Loss = loss.Total,
        };
        if (_state.Step % _config.LogEvery == 0)
        {
            List<KeyValuePair<string, double>> values = Values(loss, epoch);
            _log.Append("step", _state.Step, values);
            _events?.Append(_state.Step, values.Select(v => KeyValuePair.Create("train/" + v.Key, v.Value)));
        }

        _observer?.Stepped(new StepReport(
            _state.Step, epoch, _stop.TotalSteps, _stop.Fraction(_state.Step, Elapsed), Elapsed, loss.Total, loss.Parts, loss.LearningRate, loss.GradientNorm));
    }

    private List<KeyValuePair<string, double>> Values(StepLoss loss, int epoch) =>
    [
        new("epoch", epoch),
        new("seconds", Math.Round(Elapsed.TotalSeconds, 3)),
        new("loss", loss.Total),
        .. loss.Parts.Select(part => KeyValuePair.Create(part.Name, part.Value)),
        new("learning_rate", loss.LearningRate),
        new("gradient_norm", loss.GradientNorm),
        .. loss.LossScale is { } scale ? [KeyValuePair.Create("loss_scale", scale)] : Array.Empty<KeyValuePair<string, double>>(),
    ];

    private bool ValidationDue(bool done) =>
        _validation is not null && (done || (_config.EvalEvery > 0 ? _state.Step % _config.EvalEvery == 0 : _state.Batch == 0));

    /// <summary>True when this is the best so far.</summary>
    private bool Validate()
    {
        _state = _state with { ValidationPending = true };
        _trainer.Model.eval();
        IReadOnlyDictionary<string, double> metrics;
        using (_trainer.Average?.Applied())
        {
            metrics = _validate(_validation!, _observer);
            if (_config.ValidationLoss)
            {
                metrics = new Dictionary<string, double>([.. metrics, .. ValidationLoss.Compute(_trainer, _validation!, _config, _proposals)]);
            }

            if (_pictures is not null)
            {
                _events?.AppendImages(_state.Step, _pictures(_validation!));
            }
        }

        TrainedParts.EnterTraining(_trainer.Model, _config.Parts);
        if (!metrics.TryGetValue(_config.BestMetric, out double value))
        {
            throw RcnnException.Usage($"bestMetric={_config.BestMetric}: validation gives {string.Join(", ", metrics.Keys)}");
        }

        _log.Append("eval", _state.Step, metrics);
        _events?.Append(_state.Step, metrics.Select(m => KeyValuePair.Create("validation/" + m.Key, m.Value)));
        bool improved = !double.IsNaN(value) && (_state.BestValue is not { } best || (_config.BestMetric == "loss" ? value < best : value > best));
        _state = _state with
        {
            Metrics = new Dictionary<string, double>(metrics),
            BestValue = improved ? value : _state.BestValue,
            BestStep = improved ? _state.Step : _state.BestStep,
            StaleValidations = improved ? 0 : _state.StaleValidations + 1,
            ValidationPending = false,
        };
        _observer?.Evaluated(_state.Step, metrics);
        return improved;
    }

    private void Save()
    {
        string folder = _folder.CheckpointFolder(_state.Step);
        _state = _state with { ElapsedSeconds = Elapsed.TotalSeconds };
        _log.Sync();
        Checkpoint.Write(folder, _trainer, _state);
        _folder.Prune(_state.BestStep);
        _observer?.Saved(folder, _state.Step);
    }

    private RcnnException NonFinite(NonFiniteLossException e, Batch batch)
    {
        string images = string.Join(", ", batch.Indices.Select(i => _train[i].FileName));
        string good = _folder.LatestCheckpoint() is { } latest ? $"the last good checkpoint is {latest}" : "there is no checkpoint yet";
        return new RcnnException(
            $"step {_state.Step + 1}: {e.Message} for images {images}; {good}. What helps: a lower optimizer.learningRate or a longer schedule.warmupSteps in a new run; the same run goes on from its last checkpoint with --resume",
            inner: e);
    }

    private RunSummary Summary(RunOutcome outcome) => new(
        _folder.Directory, outcome, _state.Step, _state.Epoch, Elapsed, _state.Loss ?? double.NaN, _state.Metrics, _state.BestStep);
}
