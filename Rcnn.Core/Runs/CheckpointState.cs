namespace Rcnn.Core.Runs;

/// <summary>Where a run stands, apart from tensors.</summary>
public sealed record CheckpointState
{
    /// <summary>Steps done.</summary>
    public int Step { get; init; }

    /// <summary>Epoch of the next step, from 0.</summary>
    public int Epoch { get; init; }

    /// <summary>Batches of that epoch already used.</summary>
    public int Batch { get; init; }

    /// <summary>Training time so far, seconds.</summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>Loss of the last step; null before the first.</summary>
    public double? Loss { get; init; }

    /// <summary>State words of the sampling stream.</summary>
    public ulong[] Sampling { get; init; } = [];

    /// <summary>Factor of the dynamic loss scale, and its steps without overflow; null without one.</summary>
    public double? LossScale { get; init; }

    public int? LossScaleSteps { get; init; }

    /// <summary>Best validation metric so far and its step; null before the first validation.</summary>
    public double? BestValue { get; init; }

    public int? BestStep { get; init; }

    /// <summary>Step whose detector was validated last, where the validation comes after training (R-CNN 2014); else null.</summary>
    public int? MeasuredStep { get; init; }

    /// <summary>Validations in a row that were no new best.</summary>
    public int StaleValidations { get; init; }

    /// <summary>The validation due at this step was interrupted; a resumed run begins with it.</summary>
    public bool ValidationPending { get; init; }

    /// <summary>Metrics of the last validation.</summary>
    public Dictionary<string, double> Metrics { get; init; } = [];
}
