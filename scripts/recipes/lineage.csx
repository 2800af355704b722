#!/usr/bin/env dotnet-script
// Recipe    The lineage: every detector of the family trained and timed on one machine, as the papers compare themselves with each other
// Command   ./rcnn script scripts/recipes/lineage.csx --train voc:DIR/train --val voc:DIR/test --init mobilenet_v2.pth [--minutes T] [--seed S] [--threads N] [--out DIR] [--set "key=value …"]
// Data      any dataset with boxes; without --train and --val the embedded scenes
// Time      the sum of the recipes, or --minutes for each (which cannot be repeated to the bit)
// Expected  docs/results.md, "The lineage"
// Each recipe runs in a process of its own, so that peak memory is its own. Interrupted, it goes on where it stopped when it is started again with the same --out.
#load "../lib/arguments.csx"

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

// Test time per image, VGG16 on a K40: the networks of R-CNN and Fast R-CNN in Girshick 2015, Table 4, with 1,510 ms of Selective Search added; Faster R-CNN and Selective Search in Ren et al. 2015, Table 5.
var papers = new Dictionary<string, double> { ["R-CNN"] = 48510, ["Fast R-CNN"] = 1830, ["Faster R-CNN joint"] = 198 };

string[] recipes = ["rcnn", "fast-rcnn", "faster-rcnn-alternating", "faster-rcnn-joint", "fpn"];
string folder = Here();
var options = new Arguments(Args);
string output = options.Text("--out", "runs/lineage");
string[] passed = [.. new[] { "--train", "--val", "--init", "--minutes", "--seed", "--threads", "--set" }
    .Select(name => (name, value: options.Text(name, ""))).Where(o => o.value.Length > 0).SelectMany(o => new[] { o.name, o.value })];
options.RejectUnknown();
Directory.CreateDirectory(output);
var rows = new List<JsonNode>();
foreach (string recipe in recipes.Where(r => File.Exists(Path.Combine(folder, r + ".csx"))))
{
    string run = Path.Combine(output, recipe), result = Path.Combine(run, "recipe.json");
    if (!File.Exists(result))
    {
        using Process process = Process.Start(Path.Combine(folder, "..", "..", "rcnn"), ["script", Path.Combine(folder, recipe + ".csx"), "--out", run, .. passed]);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            Console.Error.WriteLine($"{recipe}: exit code {process.ExitCode}");
            return process.ExitCode;
        }
    }

    rows.Add(JsonNode.Parse(File.ReadAllText(result)));
}

var table = new System.Text.StringBuilder();
table.AppendLine("| | AP50 | AP75 | AP | training, min | steps | test, ms | proposals | features | regions | rest | peak, MiB | × joint | paper × |");
table.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
double joint = rows.Where(r => (string)r["title"] == "Faster R-CNN joint").Select(Total).FirstOrDefault(double.NaN);
foreach (JsonNode r in rows)
{
    string title = (string)r["title"];
    string paper = papers.TryGetValue(title, out double ms) ? $"{ms / papers["Faster R-CNN joint"]:F1}" : "–";
    table.AppendLine($"| {title} | {Metric(r, "AP50"):F3} | {Metric(r, "AP75"):F3} | {Metric(r, "AP"):F3} | {(double)r["trainMinutes"]:F1} | {(int)r["steps"]} | {Total(r):F0} | "
        + $"{(double)r["proposalMs"]:F0} | {(double)r["featureMs"]:F0} | {(double)r["regionMs"]:F0} | {(double)r["restMs"]:F0} | {(int)r["peakMegabytes"]} | {Total(r) / joint:F1} | {paper} |");
}

File.WriteAllText(Path.Combine(output, "lineage.md"), table.ToString());
Console.WriteLine(table);
Console.WriteLine("paper ×: test time beside Faster R-CNN's (198 ms, VGG16, K40). R-CNN and Fast R-CNN: 47 s and 320 ms for the network (Girshick 2015, Table 4), each with 1510 ms for Selective Search (Ren et al. 2015, Table 5).");
Console.WriteLine("What differs: the backbone and the size of the images, a processor in place of a GPU, and a Selective Search that is several times as fast as the one of 2013.");
return 0;

double Metric(JsonNode r, string name) => (double)r["metrics"][name];

double Total(JsonNode r) => (double)r["proposalMs"] + (double)r["featureMs"] + (double)r["regionMs"] + (double)r["restMs"];

static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path);
