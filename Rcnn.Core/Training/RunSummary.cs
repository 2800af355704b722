namespace Rcnn.Core.Training;

public enum RunOutcome
{
    /// <summary>The stop condition was reached.</summary>
    Completed,

    /// <summary>Cancelled; a checkpoint to go on from is on disk.</summary>
    Interrupted,
}

/// <summary>How a training run ended.</summary>
/// <param name="Folder">The run folder.</param>
/// <param name="Outcome">Completed or interrupted.</param>
/// <param name="Steps">Steps done in all.</param>
/// <param name="Epochs">Whole epochs done.</param>
/// <param name="Elapsed">Training time in all.</param>
/// <param name="FinalLoss">Loss of the last step, NaN when there was none.</param>
/// <param name="Metrics">Metrics of the last validation; empty without one.</param>
/// <param name="BestStep">Step of the best checkpoint by validation, or null.</param>
public sealed record RunSummary(
    string Folder,
    RunOutcome Outcome,
    int Steps,
    int Epochs,
    TimeSpan Elapsed,
    double FinalLoss,
    IReadOnlyDictionary<string, double> Metrics,
    int? BestStep);
