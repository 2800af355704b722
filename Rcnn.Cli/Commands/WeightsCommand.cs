using System.CommandLine;
using System.Globalization;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Weights;
using static TorchSharp.torch;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn weights inspect|convert</c>: looks into weight files and writes them in another format or under other names.</summary>
internal static class WeightsCommand
{
    public static Command Create() => new("weights", "Look into weight files and convert them.") { Inspect(), Convert() };

    private static Command Inspect()
    {
        var file = new Argument<string>("FILE") { Description = "A .pth, .pt or .safetensors file." };
        var section = Section();
        var command = new Command("inspect", "Names, shapes and types of a weight file, and the network it fits.\nExample: rcnn weights inspect fasterrcnn.pth") { file, section };
        command.SetAction(parsed => WithWeights(parsed.GetValue(file)!, parsed.GetValue(section), weights =>
        {
            int width = weights.Keys.Max(k => k.Length);
            foreach ((string name, Tensor value) in weights)
            {
                Console.WriteLine($"{name.PadRight(width)}  {value.dtype,-8} [{string.Join(",", value.shape)}]");
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{weights.Count} tensors, {weights.Values.Sum(v => v.numel()):N0} values, {weights.Values.Sum(v => v.numel() * v.element_size()) / 1048576.0:F1} MiB"));
            Console.WriteLine(Describe(weights));
        }));
        return command;
    }

    private static Command Convert()
    {
        var input = new Argument<string>("IN") { Description = "A .pth, .pt or .safetensors file." };
        var output = new Argument<string>("OUT") { Description = "The file to write; its ending chooses the format: .safetensors, .pth or .pt." };
        var names = new Option<string?>("--names") { Description = "new: names of torchvision 0.13 and later; old: those before. Left as they are otherwise.", HelpName = "old|new" };
        names.AcceptOnlyFromAmong("old", "new");
        var section = Section();
        var command = new Command("convert",
            "Write a weight file in another format or under other names; the new file appears only when it is complete.\nExample: rcnn weights convert fasterrcnn.pth fasterrcnn.safetensors --names new")
        {
            input, output, names, section,
        };
        command.SetAction(parsed => WithWeights(parsed.GetValue(input)!, parsed.GetValue(section), weights =>
        {
            string path = parsed.GetValue(output)!;
            IReadOnlyDictionary<string, Tensor> renamed = parsed.GetValue(names) switch
            {
                "new" => weights.ToDictionary(w => DetectorWeights.CurrentName(w.Key), w => w.Value),
                "old" => DetectorWeights.WithOldNames(weights),
                _ => weights,
            };
            WeightFile.Write(path, renamed);
            int changed = renamed.Keys.Count(k => !weights.ContainsKey(k));
            Console.WriteLine($"{path}: {renamed.Count} tensors, {changed} renamed");
        }));
        return command;
    }

    private static Option<string?> Section() => new("--section") { Description = "Where the weights lie in a checkpoint, such as model or ema.module.", HelpName = "NAME" };

    private static int WithWeights(string file, string? section, Action<IReadOnlyDictionary<string, Tensor>> work)
    {
        IReadOnlyDictionary<string, Tensor> weights = WeightFile.Read(file, section);
        try
        {
            work(weights);
            return 0;
        }
        finally
        {
            foreach (Tensor tensor in weights.Values)
            {
                tensor.Dispose();
            }
        }
    }

    private static string Describe(IReadOnlyDictionary<string, Tensor> weights)
    {
        WeightArchitecture found = WeightArchitecture.Of(weights.ToDictionary(w => w.Key, w => w.Value.shape));
        if (found.Model is null && found.Backbone is null)
        {
            return "architecture: not one known here";
        }

        string what = found.Model is { } model
            ? $"--model {model}" + (DetectorPresets.Torchvision.Contains(model) || found.Backbone is null ? "" : $" --backbone {found.Backbone}")
                + (model == "fasterrcnn_mobilenet_v3_large_fpn" ? " (or fasterrcnn_mobilenet_v3_large_320_fpn, which has the same weights)" : "")
            : $"classifier, --backbone {found.Backbone}";
        string classes = found.Classes is { } c ? string.Create(CultureInfo.InvariantCulture, $", {c} classes{(found.Model is null ? "" : " with background")}") : "";
        string names = weights.Keys.Any(k => DetectorWeights.CurrentName(k) != k) ? ", names of before torchvision 0.13" : "";
        return $"architecture: {what}{classes}{(found.Frozen ? ", normalisation fixed or absent" : ", batch normalisation")}{names}";
    }
}
