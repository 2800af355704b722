using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rcnn.Cli.Golden;
using Rcnn.Core;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn golden DIR… [--device cpu|cuda|cuda-host [--seed N]] [--json FILE]</c>: compares this build with stored reference results.</summary>
internal static class GoldenCommand
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("DIR") { Arity = ArgumentArity.OneOrMore, Description = "Folders; every case.json at or below them runs." };
        var device = new Option<string>("--device") 
        {
            Description = "cpu, cuda, or cuda-host: the CUDA kernels compiled for the CPU.", DefaultValueFactory = _ => "cpu",
        };
        device.AcceptOnlyFromAmong("cpu", "cuda", "cuda-host");
        var seed = new Option<ulong>("--seed") { Description = "cuda-host: of the order in which blocks and threads run." };
        var json = new Option<string?>("--json") { Description = "Write the results to this file.", HelpName = "FILE" };
        var command = new Command("golden",
            "Compare this build with stored reference results.\nExample: rcnn golden golden/ops golden/coco/*bbox*")
        {
            folders, device, seed, json,
        };
        command.SetAction(parsed => Run(parsed.GetValue(folders)!, parsed.GetValue(device)!, parsed.GetValue(seed), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string[] folders, string device, ulong seed, string? json)
    {
        IReadOnlyList<string> cases = GoldenRunner.Find(folders);
        if (device == "cuda" && !cuda.is_available())
        {
            throw RcnnException.Usage("golden: --device cuda: no CUDA device is available");
        }

        using IDisposable? kernels = device == "cuda-host" ? HostKernels.Use(seed) : null;
        var where = new Device(device == "cuda" ? "cuda" : "cpu");
        var results = new List<GoldenResult>();
        foreach (string file in cases)
        {
            GoldenResult result = GoldenRunner.Run(file, where);
            results.Add(result);
            Console.WriteLine(result);
        }

        int passed = results.Count(r => r.Status == "pass"), failed = results.Count(r => r.Status == "FAIL");
        if (json is not null)
        {
            WriteJson(json, device, results);
        }

        if (kernels is not null)
        {
            Console.WriteLine("kernels on the CPU: " + string.Join(", ", HostKernels.Launches.Select(l => $"{l.Key} {l.Value}")));
        }

        Console.WriteLine($"{passed} passed, {failed} failed, {results.Count - passed - failed} skipped");
        return failed == 0 ? 0 : 1;
    }

    private static void WriteJson(string file, string device, IEnumerable<GoldenResult> results)
    {
        var list = new JsonArray();
        foreach (GoldenResult r in results)
        {
            var outputs = new JsonArray();
            foreach (GoldenOutcome o in r.Outputs)
            {
                outputs.Add(new JsonObject
                {
                    ["name"] = o.Output,
                    ["pass"] = o.Pass,
                    ["worst_of_tolerance"] = double.IsFinite(o.Ratio) ? o.Ratio : null,
                    ["detail"] = o.Detail.Length == 0 ? null : o.Detail,
                });
            }

            list.Add(new JsonObject
            {
                ["case"] = r.Case,
                ["op"] = r.Op,
                ["status"] = r.Status.ToLowerInvariant(),
                ["reason"] = r.Reason.Length == 0 ? null : r.Reason,
                ["ms"] = Math.Round(r.Milliseconds, 3),
                ["device"] = r.OnCpu ? "cpu" : device,
                ["outputs"] = outputs,
            });
        }

        try
        {
            File.WriteAllText(file, list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"--json {file}: {e.Message}", 1, e);
        }
    }
}
