using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Rcnn.Cli.Progress;
using Rcnn.Cli.Scripting;
using Rcnn.Core;
using Rcnn.Core.Analysis;
using Rcnn.Core.Data;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Experiments;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn demo</c>: trains on the embedded scenes, evaluates, runs the first ablation small, writes a report.</summary>
internal static class DemoCommand
{
    private const string Train = "synthetic:train:2000", AblationTrain = "synthetic:train:600", Validation = "synthetic:val:100", Script = "scripts/ablate-anchor-scales.csx";

    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder of the results; an interrupted demo goes on there.", HelpName = "DIR", DefaultValueFactory = _ => Path.Combine("runs", "demo") };
        var steps = new Option<int>("--steps") { Description = "Training steps of the detector.", HelpName = "N", DefaultValueFactory = _ => 3500 };
        var ablation = new Option<int>("--ablation-steps") { Description = "Training steps of each run of the ablation; 0 leaves the ablation out.", HelpName = "N", DefaultValueFactory = _ => 300 };
        var command = new Command("demo",
            "The main job on embedded data, in at most ten minutes on two cores: train a detector, evaluate it, run an ablation, write a report.\nExample: rcnn demo --out runs/demo")
        {
            output, steps, ablation,
        };
        command.SetAction(parsed => Run(parsed.GetValue(output)!, parsed.GetValue(steps), parsed.GetValue(ablation)));
        return command;
    }

    private static int Run(string output, int steps, int ablationSteps)
    {
        using var interrupt = new InterruptSignal();
        var clock = Stopwatch.StartNew();
        IDetectionDataset train = DatasetFactory.Open(Train), validation = DatasetFactory.Open(Validation);
        string folder = Path.Combine(output, "detector");

        // The minutes are a bound for slow machines; elsewhere the steps end the run, and the result is the same on every machine.
        TrainConfig config = SyntheticPreset.Create() with { Stop = new StopConfig { Steps = steps, Minutes = 4.5 } };
        Console.WriteLine($"[1/3] training {config.Model.Assembly} on {train.Name}: {steps} steps");
        RunSummary summary = TrainingProgress.Run(observer => TrainingRun.Execute(config, train, null, folder, observer, resume: true, interrupt.Token));
        if (summary.Outcome == RunOutcome.Interrupted)
        {
            Console.Error.WriteLine($"rcnn: interrupted after {summary.Steps} steps; go on with: ./rcnn demo --out {output}");
            return 130;
        }

        Console.WriteLine($"[2/3] evaluating on {validation.Name}");
        RunFolder run = RunFolder.Open(folder);
        EvaluationSummary evaluation = EvaluationRun.Execute(run, validation, cancellation: interrupt.Token);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      AP50 {evaluation.Metrics["AP50"]:F3}   AP {evaluation.Metrics["AP"]:F3}"));

        int code = 0;
        if (ablationSteps > 0)
        {
            Console.WriteLine($"[3/3] {Script}");
            code = Ablate(Path.Combine(output, "ablation"), ablationSteps);
        }

        string report = Path.Combine(output, "report.html");
        RunReport.Write(run, validation, path: report, title: "Demo", closing: page => AddAblation(page, Path.Combine(output, "ablation")));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done in {clock.Elapsed.TotalMinutes:F1} minutes; open {Path.GetFullPath(report)}"));
        return code;
    }

    /// <summary>The same script that a user runs, from the repository's scripts folder.</summary>
    private static int Ablate(string output, int steps)
    {
        string script = Path.Combine(Repository.Find(), Script);
        string[] arguments =
        [
            "--out", output, "--steps", steps.ToString(CultureInfo.InvariantCulture), "--minutes", "0.4", "--train", AblationTrain, "--val", Validation,
        ];
        return new ScriptHost(ScriptHost.DefaultCache()).Run(script, arguments);
    }

    private static void AddAblation(HtmlPage page, string folder)
    {
        string store = Path.Combine(folder, "results.jsonl");
        if (!File.Exists(store))
        {
            return;
        }

        RunResult[] results = [.. File.ReadLines(store).Select(Experiment.FromJson)];
        page.Section("Ablation: anchor scales");
        page.Html(Report.Summary(results, ["AP50", "AP"], 3).Html());
        page.Html("<p>Mean ± standard deviation over seeds. <a href=\"ablation/report.html\">The ablation's own report</a> has charts and sample detections of every setting.</p>\n");
    }
}
