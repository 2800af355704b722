using System.CommandLine;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Settings;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn explain</c>: what a configuration has in each row of the table of conventions, and every setting with its meaning.</summary>
internal static class ExplainCommand
{
    public static Command Create() => new("explain", "Explain what a configuration means.") { Conventions(), Settings() };

    private static Command Conventions()
    {
        var source = new ConfigurationOptions("Change a setting first, such as convention.roiPooling=detectron2; may be repeated.");
        var command = new Command("conventions",
            "The numeric conventions of a configuration, row by row, beside those of torchvision, Detectron2 and py-faster-rcnn.\n"
            + "Example: rcnn explain conventions --model faster-rcnn-c4 --backbone resnet50 --set convention=detectron2");
        source.AddTo(command);
        command.SetAction(parsed => Print(source.Read(parsed).Model));
        return command;
    }

    private static Command Settings()
    {
        var source = new ConfigurationOptions("Change a setting first; may be repeated.");
        var word = new Argument<string?>("word") { Description = "Only settings with this in their name or meaning.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("settings",
            "Every setting that --set takes: its value in a configuration, what it may be and what it does.\n"
            + "Example: rcnn explain settings nms\nExample: rcnn explain settings model.roi --model fast-rcnn --backbone vgg16")
        {
            word,
        };
        source.AddTo(command);
        command.SetAction(parsed =>
        {
            string wanted = parsed.GetValue(word) ?? "";
            bool Fits(string text) => text.Contains(wanted, StringComparison.OrdinalIgnoreCase);
            Setting[] settings = [.. SettingList.Of(source.Read(parsed)).Where(s => Fits(s.Key) || Fits(s.Meaning))];
            if (settings.Length == 0)
            {
                throw RcnnException.Usage($"explain settings: no setting has '{wanted}' in its name or meaning");
            }

            foreach (Setting setting in settings)
            {
                Console.WriteLine($"{setting.Key}={setting.Value}  [{setting.Allowed}]{(setting.Meaning.Length > 0 ? "\n    " + setting.Meaning : "")}");
            }
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
