using System.Globalization;
using System.Text;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Progress;

/// <summary>Speed, remaining time and smoothed losses of a running training, as text.</summary>
internal sealed class ProgressRate
{
    private const double Smoothing = 0.05;

    private readonly Dictionary<string, double> _parts = [];
    private double _loss;
    private double _secondsPerStep;
    private double _stepsDone;
    private TimeSpan _first, _last;
    private double _firstProgress;
    private int _lastStep;

    public void Add(StepReport report)
    {
        if (report.Step <= _lastStep)
        {
            // The next of several trainings in a row has losses of its own.
            _parts.Clear();
            _stepsDone = 0;
        }

        _lastStep = report.Step;
        if (_stepsDone == 0)
        {
            (_first, _firstProgress) = (report.Elapsed, report.Progress);
        }
        else
        {
            double seconds = (report.Elapsed - _last).TotalSeconds;
            _secondsPerStep = _stepsDone == 1 ? seconds : Mix(_secondsPerStep, seconds);
        }

        _last = report.Elapsed;
        _loss = _stepsDone == 0 ? report.Loss : Mix(_loss, report.Loss);
        foreach ((string name, double value) in report.Parts)
        {
            _parts[name] = _parts.TryGetValue(name, out double before) ? Mix(before, value) : value;
        }

        _stepsDone++;
    }

    /// <summary>Time left at the pace of this session, or null while it cannot be told.</summary>
    public TimeSpan? Remaining(StepReport report)
    {
        double gained = report.Progress - _firstProgress;
        return gained <= 0 ? null : (report.Elapsed - _first) * ((1 - report.Progress) / gained);
    }

    /// <summary>Steps in a second.</summary>
    public double StepsPerSecond => _secondsPerStep > 0 ? 1 / _secondsPerStep : 0;

    /// <summary>Loss and its parts, smoothed: <c>loss 0.812 (objectness 0.10, …)</c>.</summary>
    public string Losses()
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"loss {_loss:F3}"));
        string separator = " (";
        foreach ((string name, double value) in _parts)
        {
            string label = name.StartsWith("loss_", StringComparison.Ordinal) ? name[5..] : name;
            text.Append(CultureInfo.InvariantCulture, $"{separator}{label} {value:F3}");
            separator = ", ";
        }

        return _parts.Count > 0 ? text.Append(')').ToString() : text.ToString();
    }

    public string Line(StepReport report)
    {
        string total = report.TotalSteps is { } steps ? "/" + steps.ToString(CultureInfo.InvariantCulture) : "";
        string left = Remaining(report) is { } time ? $"  {Clock(time)} left" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"step {report.Step}{total}  epoch {report.Epoch}  {report.Progress:P0}  {Losses()}  lr {report.LearningRate:G3}  {StepsPerSecond:F2} steps/s{left}");
    }

    public static string Clock(TimeSpan time) =>
        time.TotalHours >= 1 ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : time.ToString(@"m\:ss", CultureInfo.InvariantCulture);

    private static double Mix(double before, double now) => before + Smoothing * (now - before);
}
