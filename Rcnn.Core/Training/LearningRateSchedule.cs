namespace Rcnn.Core.Training;

/// <summary>The factor on the learning rate of each step: a pure function of the step and of the fraction of the run that is done.</summary>
public sealed class LearningRateSchedule
{
    private readonly ScheduleConfig _config;

    /// <exception cref="RcnnException">An unknown kind, a negative value, or milestones that do not rise. Exit code 2.</exception>
    public LearningRateSchedule(ScheduleConfig config)
    {
        if (config.Kind is not ("step" or "cosine" or "constant"))
        {
            throw RcnnException.Usage($"schedule.kind={config.Kind}: expected step, cosine or constant");
        }

        if (config.WarmupSteps < 0 || config.WarmupFactor is < 0 or > 1 || config.Gamma < 0 || config.FinalFactor is < 0 or > 1)
        {
            throw RcnnException.Usage(
                $"schedule: warmupSteps {config.WarmupSteps} and gamma {config.Gamma} must not be negative, warmupFactor {config.WarmupFactor} and finalFactor {config.FinalFactor} lie in [0,1]");
        }

        if (config.Milestones.Any(m => m <= 0) || config.Milestones.Zip(config.Milestones.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            throw RcnnException.Usage($"schedule.milestones=[{string.Join(",", config.Milestones)}]: expected positive values that rise");
        }

        _config = config;
    }

    /// <param name="step">Steps done before this one, from 0.</param>
    /// <param name="fraction">Fraction of the run done before this step, 0..1.</param>
    public double Factor(int step, double fraction)
    {
        double factor = _config.Kind switch
        {
            "step" => Math.Pow(_config.Gamma, _config.Milestones.Count(m => m <= 1 ? fraction >= m : step >= m)),
            "cosine" => _config.FinalFactor + (1 - _config.FinalFactor) * (1 + Math.Cos(Math.PI * fraction)) / 2,
            _ => 1,
        };
        if (step < _config.WarmupSteps)
        {
            factor *= _config.WarmupFactor + (1 - _config.WarmupFactor) * (step + 1) / _config.WarmupSteps;
        }

        return factor;
    }
}
