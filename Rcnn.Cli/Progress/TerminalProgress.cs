using System.Globalization;
using Rcnn.Core.Training;
using Spectre.Console;

namespace Rcnn.Cli.Progress;

/// <summary>A progress bar with rate, remaining time and loss parts, for terminals.</summary>
internal sealed class TerminalProgress : ITrainingObserver
{
    private readonly ProgressContext _context;
    private readonly ProgressTask _training;
    private readonly ProgressRate _rate = new();
    private ProgressTask? _evaluation;

    private TerminalProgress(ProgressContext context)
    {
        _context = context;
        _training = context.AddTask("preparing", maxValue: 1);
    }

    /// <summary>Runs <paramref name="work"/> under a bar.</summary>
    public static T Run<T>(Func<ITrainingObserver, T> work)
    {
        T result = default!;
        AnsiConsole.Progress()
            .AutoClear(false)
            .HideCompleted(false)
            .Columns(new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => result = work(new TerminalProgress(context)));
        return result;
    }

    public void Message(string text) => AnsiConsole.MarkupLineInterpolated($"{text}");

    public void Stepped(StepReport report)
    {
        _rate.Add(report);
        _training.Value = report.Progress;
        string total = report.TotalSteps is { } steps ? "/" + steps.ToString(CultureInfo.InvariantCulture) : "";
        string left = _rate.Remaining(report) is { } time ? $" · {ProgressRate.Clock(time)} left" : "";
        _training.Description = Markup.Escape(string.Create(
            CultureInfo.InvariantCulture,
            $"step {report.Step}{total} · epoch {report.Epoch} · {_rate.StepsPerSecond:F2}/s{left} · {_rate.Losses()}"));
    }

    public void Evaluating(int done, int total)
    {
        _evaluation ??= _context.AddTask("evaluation", maxValue: total);
        _evaluation.MaxValue = total;
        _evaluation.Value = done;
        _evaluation.Description = $"evaluation · {done}/{total} images";
        if (done == total)
        {
            _evaluation.StopTask();
            _evaluation = null;
        }
    }

    public void Evaluated(int step, IReadOnlyDictionary<string, double> metrics)
    {
        string text = string.Join("  ", metrics.Take(3).Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:F3}")));
        AnsiConsole.MarkupLineInterpolated($"step {step}: validation {text}");
    }
}
