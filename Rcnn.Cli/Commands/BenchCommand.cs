using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rcnn.Cli.Benchmarks;
using Rcnn.Core;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn bench ops|models|data|eval [--only NAME…] [--threads N] [--device cpu|cuda] [--seconds S] [--peer COMMAND] [--json FILE]</c>: times this build.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var group = new Argument<string>("GROUP") { Description = string.Join(", ", BenchmarkList.Groups) + "." };
        group.AcceptOnlyFromAmong(BenchmarkList.Groups);
        var only = new Option<string[]>("--only") { Description = "Just these.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore };
        var threads = new Option<int?>("--threads") { Description = "Threads of libtorch and of the operators; default 1 for ops, else all.", HelpName = "N" };
        var device = new Option<string>("--device") { Description = "cpu, or cuda: the kernels, for the group ops.", DefaultValueFactory = _ => "cpu" };
        device.AcceptOnlyFromAmong("cpu", "cuda");
        var seconds = new Option<double>("--seconds") { Description = "Time for each, beyond at least three runs.", DefaultValueFactory = _ => 1.5 };
        var peer = new Option<string?>("--peer") { Description = "A program that runs the same elsewhere, asked once after each of our runs: reads a name a line, answers milliseconds or '-'.", HelpName = "COMMAND" };
        var json = new Option<string?>("--json") { Description = "Write the results to this file.", HelpName = "FILE" };
        var command = new Command("bench", "Time this build; the median of interleaved runs counts.\nExample: rcnn bench ops --only nms_1000 roi_align_fwd --threads 1\n         rcnn bench ops --peer \"python3 scripts/peers/torchvision_ops.py\"")
        {
            group, only, threads, device, seconds, peer, json,
        };
        command.SetAction(p => Run(p.GetValue(group)!, p.GetValue(only) ?? [], p.GetValue(threads), p.GetValue(device)!, p.GetValue(seconds), p.GetValue(peer), p.GetValue(json)));
        return command;
    }

    private static int Run(string group, string[] only, int? threads, string device, double seconds, string? peerCommand, string? json)
    {
        if (device == "cuda" && group != "ops")
        {
            throw RcnnException.Usage($"bench {group}: --device cuda: only the group ops runs there");
        }

        if (device == "cuda" && !cuda.is_available())
        {
            throw RcnnException.Usage("bench: --device cuda: no CUDA device is available");
        }

        IReadOnlyList<IBenchmark> all = BenchmarkList.Of(group, new Device(device));
        if (all.Count == 0)
        {
            throw RcnnException.Usage($"bench {group}: this build has no benchmarks there");
        }

        foreach (string name in only)
        {
            if (!all.Any(b => b.Name == name))
            {
                throw RcnnException.Usage($"bench {group}: no '{name}'; there are {string.Join(", ", all.Select(b => b.Name))}");
            }
        }

        if (threads < 1)
        {
            throw RcnnException.Usage($"bench: --threads ≥ 1 expected, got {threads}");
        }

        Engine.Threads = threads ?? (group == "ops" ? 1 : Environment.ProcessorCount);
        using BenchmarkPeer? peer = peerCommand is null ? null : new BenchmarkPeer(peerCommand, device);
        double peak = device == "cuda" ? Engine.CudaBandwidth() / 1e9 : 0;
        IReadOnlyList<BenchmarkResult> results = BenchmarkRunner.Run(only.Length == 0 ? all : [.. all.Where(b => only.Contains(b.Name))], seconds, Engine.Threads, peer,
            runs: device == "cuda" ? 20 : 1);
        Console.WriteLine($"{"",-40} {"median ms",12} {"min ms",12} {"runs",5}{(peer is null ? "" : $" {"peer ms",12} {"ratio",7}")}   {Engine.Threads} threads");
        foreach (BenchmarkResult r in results)
        {
            string beside = peer is null ? "" : r.PeerMilliseconds.Count == 0 ? $" {"-",12} {"-",7}" : string.Create(CultureInfo.InvariantCulture, $" {r.PeerMedian,12:F3} {r.Ratio,7:F2}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{r.Name,-40} {r.Median,12:F3} {r.Min,12:F3} {r.Milliseconds.Count,5}{beside}   {r.Note}{Moved(r, peak)}"));
        }

        if (json is not null)
        {
            WriteJson(json, results);
        }

        return 0;
    }

    private static void WriteJson(string file, IEnumerable<BenchmarkResult> results)
    {
        var list = new JsonArray([.. results.Select(Entry)]);
        try
        {
            File.WriteAllText(file, list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"--json {file}: {e.Message}", 1, e);
        }
    }

    private static string Moved(BenchmarkResult r, double peak) => r.Bytes == 0 || r.Milliseconds.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
        $"; {r.Bytes / 1e6:F1} MB, {r.Bandwidth:F0} GB/s{(peak > 0 ? $", {100 * r.Bandwidth / peak:F0} % of {peak:F0}" : "")}");

    private static JsonObject Entry(BenchmarkResult r)
    {
        var entry = new JsonObject
        {
            ["name"] = r.Name,
            ["threads"] = r.Threads,
            ["median_ms"] = r.Milliseconds.Count == 0 ? null : r.Median,
            ["min_ms"] = r.Milliseconds.Count == 0 ? null : r.Min,
            ["runs"] = r.Milliseconds.Count,
            ["note"] = r.Note,
        };
        if (r.Bytes > 0)
        {
            entry["bytes"] = r.Bytes;
        }

        if (r.PeerMilliseconds.Count > 0)
        {
            entry["peer_median_ms"] = r.PeerMedian;
            entry["ratio"] = r.Ratio;
        }

        return entry;
    }
}
