namespace Rcnn.Core.Training;

/// <summary>Watches a run: progress bars, logs, notebooks. Every member may be left out. Called on the training thread, so be quick.</summary>
public interface ITrainingObserver
{
    /// <summary>Something to say once, one line.</summary>
    void Message(string text)
    {
    }

    /// <summary>A step is done.</summary>
    void Stepped(StepReport report)
    {
    }

    /// <summary>An evaluation goes on: <paramref name="done"/> of <paramref name="total"/> images.</summary>
    void Evaluating(int done, int total)
    {
    }

    /// <summary>A validation is done.</summary>
    void Evaluated(int step, IReadOnlyDictionary<string, double> metrics)
    {
    }

    /// <summary>A checkpoint is on disk.</summary>
    void Saved(string folder, int step)
    {
    }
}

/// <summary>The state of a run after a step.</summary>
/// <param name="Step">Steps done, from 1.</param>
/// <param name="Epoch">Epoch of this step, from 0.</param>
/// <param name="TotalSteps">Steps planned, or null when time ends the run.</param>
/// <param name="Progress">Fraction of the run that is done, 0..1.</param>
/// <param name="Elapsed">Training time, earlier sessions of a resumed run included.</param>
/// <param name="Loss">Sum of the parts.</param>
/// <param name="Parts">Loss parts in the model's order.</param>
/// <param name="LearningRate">Rate of the first parameter group in this step.</param>
/// <param name="GradientNorm">Norm before clipping.</param>
public sealed record StepReport(
    int Step,
    int Epoch,
    int? TotalSteps,
    double Progress,
    TimeSpan Elapsed,
    double Loss,
    IReadOnlyList<(string Name, double Value)> Parts,
    double LearningRate,
    double GradientNorm);
