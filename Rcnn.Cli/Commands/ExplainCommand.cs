using System.CommandLine;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn explain conventions</c>: what a configuration has in each row of the table of conventions.</summary>
internal static class ExplainCommand
{
    public static Command Create() => new("explain", "Explain what a configuration means.") { Conventions() };

    private static Command Conventions()
    {
        var run = new Option<string?>("--run") { Description = "A run folder: its configuration.", HelpName = "DIR" };
        var model = new Option<string?>("--model") { Description = "An assembly or a torchvision name (default faster-rcnn-fpn).", HelpName = "M" };
        var backbone = new Option<string?>("--backbone") { Description = "Its backbone.", HelpName = "B" };
        var set = new Option<string[]>("--set") { Description = "Change a setting first, such as convention.roiPooling=detectron2; may be repeated.", HelpName = "key=value" };
        var command = new Command("conventions",
            "The numeric conventions of a configuration, row by row, beside those of torchvision, Detectron2 and py-faster-rcnn.\n"
            + "Example: rcnn explain conventions --model faster-rcnn-c4 --backbone resnet50 --set convention=detectron2")
        {
            run, model, backbone, set,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(run) is not null && (parsed.GetValue(model) ?? parsed.GetValue(backbone)) is not null)
            {
                throw RcnnException.Usage("explain: either --run or --model and --backbone expected");
            }

            TrainConfig config = parsed.GetValue(run) is { } folder
                ? RunFolder.Open(folder).Config
                : new TrainConfig { Model = DetectorPresets.Create(parsed.GetValue(model) ?? "faster-rcnn-fpn", parsed.GetValue(backbone), 91) };
            Print(ConfigOverrides.Apply(config, parsed.GetValue(set) ?? []).Model);
        });
        return command;
    }

    private static void Print(DetectorConfig config)
    {
        var table = new List<string[]> { (string[])["row", "what", "active", "value", .. Convention.Profiles] };
        foreach (ConventionRow row in Convention.Rows)
        {
            if (!row.IsUsed(config))
            {
                table.Add([row.Name, row.Item, "not used", .. Enumerable.Repeat("–", table[0].Length - 3)]);
                continue;
            }

            IReadOnlyList<string> active = row.Active(config);
            string name = active.Count == 0 ? "own" : active.Count == Convention.Profiles.Count ? "all" : string.Join(", ", active);
            table.Add([row.Name, row.Item, name, row.Value(config), .. Convention.Profiles.Select(p => row.Value(row.Set(config, p)))]);
        }

        int[] widths = [.. Enumerable.Range(0, table[0].Length).Select(i => table.Max(row => row[i].Length))];
        foreach (string[] row in table)
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }

        if (table.Any(row => row[2] == "not used"))
        {
            Console.WriteLine($"\nnot used: {config.Assembly} with {config.Backbone.Name} has nothing that the row acts on.");
        }

        Console.WriteLine("\nSet a row with --set convention.ROW=PROFILE, all of them with --set convention=PROFILE; single values with the settings behind them.");
    }
}
