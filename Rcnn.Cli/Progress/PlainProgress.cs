using System.Diagnostics;
using System.Globalization;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Progress;

/// <summary>Progress as lines, for files and pipes: one now and then, one for each validation and checkpoint.</summary>
internal sealed class PlainProgress(TextWriter output, TimeSpan interval) : ITrainingObserver
{
    private readonly Stopwatch _sinceLine = Stopwatch.StartNew();
    private readonly ProgressRate _rate = new();

    public void Message(string text) => output.WriteLine(text);

    public void Stepped(StepReport report)
    {
        _rate.Add(report);
        if (_sinceLine.Elapsed >= interval || report.Progress >= 1)
        {
            _sinceLine.Restart();
            output.WriteLine(_rate.Line(report));
        }
    }

    public void Evaluating(int done, int total)
    {
        if (_sinceLine.Elapsed >= interval)
        {
            _sinceLine.Restart();
            output.WriteLine($"{done} of {total} images");
        }
    }

    public void Evaluated(int step, IReadOnlyDictionary<string, double> metrics) =>
        output.WriteLine($"step {step}: validation {string.Join("  ", metrics.Take(3).Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:F3}")))}");

    public void Saved(string folder, int step) => output.WriteLine($"step {step}: saved {folder}");
}
