using System.CommandLine;
using System.Globalization;
using Rcnn.Core;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn runs list|show|compare|report [DIR…]</c>: what run folders hold.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var command = new Command("runs", "Look at run folders.\nExample: rcnn runs list runs");
        var root = new Argument<string>("DIR") { Description = "Folder with runs below it.", DefaultValueFactory = _ => "." };
        var list = new Command("list", "One line for each run below a folder.") { root };
        list.SetAction(parsed => List(parsed.GetValue(root)!));
        var one = new Argument<string>("DIR") { Description = "A run folder." };
        var show = new Command("show", "Settings, state and metrics of a run.") { one };
        show.SetAction(parsed => Show(parsed.GetValue(one)!));
        var several = new Argument<string[]>("DIR") { Description = "Run folders, or one folder with runs below it.", Arity = ArgumentArity.OneOrMore };
        var compare = new Command("compare", "Settings and metrics in which runs differ, side by side.") { several };
        compare.SetAction(parsed => Compare(parsed.GetValue(several)!));
        command.Subcommands.Add(list);
        command.Subcommands.Add(show);
        command.Subcommands.Add(compare);
        command.Subcommands.Add(RunsReportCommand.Create());
        return command;
    }

    private static int List(string root)
    {
        List<RunFolder> runs = Below(root);
        var rows = new List<string[]> { new[] { "run", "model", "backbone", "steps", "minutes", "loss", "metrics" } };
        foreach (RunFolder run in runs)
        {
            CheckpointState state = RunMetrics.State(run);
            rows.Add(
            [
                Path.GetRelativePath(root, run.Directory), run.Config.Model.Assembly, run.Config.Model.Backbone.Name, Text(state.Step),
                Text(state.ElapsedSeconds / 60, "F1"), state.Loss is { } loss ? Text(loss, "F3") : "-", Metrics(RunMetrics.Of(run)),
            ]);
        }

        Table(rows);
        return 0;
    }

    private static int Show(string directory)
    {
        RunFolder run = RunFolder.Open(directory);
        CheckpointState state = RunMetrics.State(run);
        Console.WriteLine($"{run.Directory}: {state.Step} steps, {Text(state.ElapsedSeconds / 60, "F1")} minutes, epoch {state.Epoch}"
            + (state.Loss is { } loss ? $", loss {Text(loss, "F3")}" : ""));
        Console.WriteLine("checkpoints: " + string.Join(", ", run.CheckpointSteps()) + (state.BestStep is { } best ? $"; best {best}" : ""));
        foreach ((string name, double value) in RunMetrics.Of(run))
        {
            Console.WriteLine($"  {name} {Text(value, "F4")}");
        }

        foreach ((string path, string value) in ConfigJson.Flatten(run.Config))
        {
            Console.WriteLine($"{path}={value}");
        }

        return 0;
    }

    private static int Compare(string[] directories)
    {
        List<RunFolder> runs = directories.Length == 1 && !RunFolder.Exists(directories[0]) ? Below(directories[0]) : [.. directories.Select(RunFolder.Open)];
        var rows = new List<string[]> { new[] { "" }.Concat(runs.Select(r => r.Name)).ToArray() };
        var settings = runs.Select(r => ConfigJson.Flatten(r.Config)).ToList();
        foreach (string path in settings.SelectMany(s => s.Keys).Distinct())
        {
            string[] values = [.. settings.Select(s => s.GetValueOrDefault(path, "-"))];
            if (values.Distinct().Count() > 1)
            {
                rows.Add([path, .. values]);
            }
        }

        rows.Add(["steps", .. runs.Select(r => Text(RunMetrics.State(r).Step))]);
        var metrics = runs.Select(RunMetrics.Of).ToList();
        foreach (string name in metrics.SelectMany(m => m.Keys).Distinct())
        {
            rows.Add([name, .. metrics.Select(m => m.TryGetValue(name, out double value) ? Text(value, "F4") : "-")]);
        }

        Table(rows);
        return 0;
    }

    private static List<RunFolder> Below(string root)
    {
        if (!Directory.Exists(root))
        {
            throw RcnnException.Usage($"{root}: no such folder");
        }

        List<RunFolder> runs = [.. Directory.GetFiles(root, "config.json", SearchOption.AllDirectories)
            .Select(file => Path.GetDirectoryName(file)!)
            .Order(StringComparer.Ordinal)
            .Select(RunFolder.Open)];
        return runs.Count > 0 ? runs : throw new RcnnException($"{root}: no runs below it");
    }

    private static string Metrics(IReadOnlyDictionary<string, double> metrics) =>
        metrics.Count == 0 ? "-" : string.Join("  ", metrics.Take(2).Select(m => $"{m.Key} {Text(m.Value, "F3")}"));

    private static string Text(double value, string format = "G") => value.ToString(format, CultureInfo.InvariantCulture);

    private static void Table(List<string[]> rows)
    {
        int columns = rows.Max(r => r.Length);
        int[] widths = [.. Enumerable.Range(0, columns).Select(c => rows.Max(r => c < r.Length ? r[c].Length : 0))];
        foreach (string[] row in rows)
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
        }
    }
}
