namespace Rcnn.Core.Training;

/// <summary>When a run ends and how far it is: the stop conditions of a configuration for a given number of batches in an epoch.</summary>
public sealed class StopRule
{
    private readonly TimeSpan? _time;

    /// <exception cref="RcnnException">No condition, or one that is not positive. Exit code 2.</exception>
    public StopRule(StopConfig config, int batchesPerEpoch)
    {
        if (config is { Steps: null, Epochs: null, Minutes: null })
        {
            throw RcnnException.Usage("nothing ends this run: give --steps, --epochs or --minutes (stop.steps, stop.epochs, stop.minutes)");
        }

        if (config.Steps <= 0 || config.Epochs <= 0 || config.Minutes <= 0)
        {
            throw RcnnException.Usage($"stop: steps, epochs and minutes must be positive, got {config}");
        }

        if (config.Epochs is { } epochs)
        {
            TotalSteps = (int)Math.Min(int.MaxValue, Math.Ceiling(epochs * batchesPerEpoch));
        }

        if (config.Steps is { } steps)
        {
            TotalSteps = Math.Min(TotalSteps ?? int.MaxValue, steps);
        }

        _time = config.Minutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
    }

    /// <summary>Steps at which the run ends at the latest; null when only time ends it.</summary>
    public int? TotalSteps { get; }

    /// <summary>The fraction of the run that is done after <paramref name="steps"/> steps in <paramref name="elapsed"/>: the larger of steps and time, at most 1.</summary>
    public double Fraction(int steps, TimeSpan elapsed)
    {
        double bySteps = TotalSteps is { } total ? (double)steps / total : 0;
        double byTime = _time is { } time ? elapsed / time : 0;
        return Math.Min(1, Math.Max(bySteps, byTime));
    }
}
