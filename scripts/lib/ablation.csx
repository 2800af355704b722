// An ablation from end to end: trains every run of a grid, evaluates it, and writes a table, CSV files and an HTML report.
// Interrupted, it goes on where it stopped when it is started again with the same --out.
#load "../rcnn.csx"
#load "arguments.csx"

using System.Diagnostics;

public sealed class Ablation
{
    public string Title { get; set; } = "";

    /// <summary>What it asks, in a sentence or two.</summary>
    public string Purpose { get; set; } = "";

    /// <summary>Path of the script, as it is called.</summary>
    public string Script { get; set; } = "";

    public TrainConfig Baseline { get; set; } = new();
    public IReadOnlyList<Axis> Axes { get; set; } = [];

    /// <summary>Metrics of the table; the first one is compared and drawn.</summary>
    public string[] Metrics { get; set; } = ["AP50", "AP", "AP75"];

    /// <summary>
    /// Runs it. Options: --out DIR, --steps N and --minutes T (each run ends at whichever comes first), --seeds N (0 … N−1), --train D, --val D.
    /// </summary>
    public int Run(IList<string> args, int steps, double minutes, int seeds, string train, string validation)
    {
        var options = new Arguments(args);
        string output = options.Text("--out", Path.GetFileNameWithoutExtension(Script));
        steps = options.Integer("--steps", steps);
        minutes = options.Number("--minutes", minutes);
        seeds = options.Integer("--seeds", seeds);
        IDetectionDataset trainData = DatasetFactory.Open(options.Text("--train", train));
        IDetectionDataset validationData = DatasetFactory.Open(options.Text("--val", validation));
        options.RejectUnknown();
        Directory.CreateDirectory(output);
        TrainConfig baseline = Baseline with { Stop = new StopConfig { Steps = steps, Minutes = minutes } };
        IReadOnlyList<RunSpec> specs = Grid.OneAtATime(Axes, [.. Enumerable.Range(0, seeds).Select(seed => (long)seed)]);
        if (Axes.Count == 1)
        {
            specs = Grid.Cartesian(Axes, [.. Enumerable.Range(0, seeds).Select(seed => (long)seed)]);
        }

        string store = Path.Combine(output, "results.jsonl");
        List<RunResult> stored = File.Exists(store) ? [.. File.ReadLines(store).Where(line => line.EndsWith('}')).Select(Experiment.FromJson)] : [];
        Console.WriteLine($"{Title}: {specs.Count} runs of {steps} steps on {trainData.Name}, evaluated on {validationData.Name}; results in {output}");
        var clock = Stopwatch.StartNew();
        IReadOnlyList<RunResult> results = Experiment.Run(
            specs,
            spec => Train(spec, baseline, trainData, validationData, output),
            spec => Experiment.Find(stored, spec) is { } found && IsRunOf(found.Folder, Configure(spec, baseline), trainData) ? found : null,
            progress =>
            {
                if (progress.Result is not { } result)
                {
                    return;
                }

                if (!progress.Reused)
                {
                    File.AppendAllText(store, Experiment.ToJson(result) + "\n");
                }

                Console.WriteLine($"  {progress.Index + 1}/{progress.Count} {result.Spec.Name}: {string.Join("  ", Metrics.Select(name => $"{name} {result.Metrics[name]:F3}"))}{(progress.Reused ? "  (done before)" : "")}");
            });

        Table summary = Report.Summary(results, Metrics, 3);
        File.WriteAllText(Path.Combine(output, "runs.csv"), Report.Runs(results).Csv());
        File.WriteAllText(Path.Combine(output, "summary.csv"), summary.Csv());
        File.WriteAllText(Path.Combine(output, "summary.md"), summary.Markdown());
        string report = Path.Combine(output, "report.html");
        WriteReport(report, results, summary, baseline, validationData, $"./rcnn script {Script} {string.Join(' ', args)}".TrimEnd());
        Console.WriteLine($"\n{summary.Text()}\nmean ± standard deviation over {seeds} seeds, {clock.Elapsed.TotalMinutes:F1} minutes\nreport: {report}");
        return 0;
    }

    private static TrainConfig Configure(RunSpec spec, TrainConfig baseline) => ConfigOverrides.Apply(baseline with { Seed = spec.Seed }, spec.Settings);

    /// <summary>Whether the folder holds that very run, and not one of another configuration.</summary>
    private static bool IsRunOf(string folder, TrainConfig config, IDetectionDataset train) =>
        RunFolder.Exists(folder) && ConfigJson.Write(RunFolder.Open(folder).Config) == ConfigJson.Write(TrainingRun.Resolve(config, train, null));

    private static RunResult Train(RunSpec spec, TrainConfig baseline, IDetectionDataset train, IDetectionDataset validation, string output)
    {
        string folder = Path.Combine(output, spec.Name);
        TrainConfig config = Configure(spec, baseline);
        if (RunFolder.IsStarted(folder) && !IsRunOf(folder, config, train))
        {
            throw RcnnException.Usage($"{folder}: holds a run of another configuration; choose another --out");
        }

        TrainingRun.Execute(config, train, null, folder, new Lines(spec.Name), resume: true);
        EvaluationSummary summary = EvaluationRun.Execute(RunFolder.Open(folder), validation);
        return new RunResult(spec, summary.Metrics, folder);
    }

    private void WriteReport(string path, IReadOnlyList<RunResult> results, Table summary, TrainConfig baseline, IDetectionDataset validation, string command)
    {
        var charts = Metrics.Take(2).Select(metric =>
        {
            var spreads = Report.Spreads(results, metric);
            return RunCharts.Settings(
                [.. spreads.Select(s => s.Key)], [.. spreads.Select(s => s.Value.Mean)], [.. spreads.Select(s => s.Value.StandardDeviation)],
                [.. spreads.Select(s => Report.Format(s.Value, 3))], $"{metric} by setting");
        });
        new AblationReport
        {
            Title = Title,
            Purpose = Purpose,
            Command = command,
            TableHtml = summary.Html(),
            Note = "Mean ± sample standard deviation over seeds; the difference is paired by seed. With few seeds only differences well above the spread mean anything.",
            Charts = [.. charts],
            RunsHtml = Report.Runs(results).Html(),
            Dataset = validation,
            Samples = [.. results.GroupBy(r => r.Spec.Group).Select(g => (g.Key, DetectionFile.Read(RunFolder.Open(g.First().Folder).DetectionsFile)))],
            Configuration = ConfigJson.Write(baseline),
        }.Write(path);
    }

    /// <summary>Progress: one line that is rewritten on a terminal, a line every twenty seconds elsewhere.</summary>
    private sealed class Lines : ITrainingObserver
    {
        private readonly string _name;
        private readonly Stopwatch _since = Stopwatch.StartNew();

        public Lines(string name) => _name = name;

        public void Stepped(StepReport report)
        {
            bool last = report.Progress >= 1;
            if (_since.Elapsed.TotalSeconds < (Console.IsOutputRedirected ? 20 : 0.3) && !last)
            {
                return;
            }

            _since.Restart();
            string text = $"  {_name}: step {report.Step}/{report.TotalSteps}, loss {report.Loss:F3}, {report.Elapsed.TotalSeconds:F0} s";
            if (Console.IsOutputRedirected)
            {
                Console.WriteLine(text);
            }
            else
            {
                Console.Write($"\r{text,-76}{(last ? "\r" + new string(' ', 76) + "\r" : "")}");
            }
        }
    }
}
