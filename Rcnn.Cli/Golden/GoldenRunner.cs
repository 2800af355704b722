using System.Diagnostics;
using System.Globalization;
using Rcnn.Core;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>What became of a case: <c>pass</c>, <c>FAIL</c> or <c>skip</c>.</summary>
internal sealed record GoldenResult(string Case, string Op, string Status, string Reason, double Milliseconds, IReadOnlyList<GoldenOutcome> Outputs)
{
    /// <summary>Worst error as a part of what is allowed, over all outputs; 0 without any.</summary>
    public double Worst => Outputs.Count == 0 ? 0 : Outputs.Max(o => o.Ratio);

    /// <summary>Another device was asked for, for which the op has no kernels.</summary>
    public bool OnCpu { get; init; }

    public override string ToString() => Status == "pass"
        ? string.Create(CultureInfo.InvariantCulture, $"pass {Case} ({Outputs.Count} outputs, worst {Worst:G3} of tolerance, {Milliseconds:F0} ms{(OnCpu ? ", on the CPU" : "")})")
        : $"{Status} {Case}: {Reason}";
}

/// <summary>Finds and runs golden cases, one after another.</summary>
internal static class GoldenRunner
{
    /// <summary>Every case.json at or below the given folders, in ordinal order within each, none twice.</summary>
    /// <exception cref="RcnnException">A folder is missing or holds no case.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> folders)
    {
        var found = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string folder in folders)
        {
            if (!Directory.Exists(folder))
            {
                throw RcnnException.Usage($"golden: no folder '{folder}'");
            }

            string[] cases = Directory.GetFiles(Path.GetFullPath(folder), "case.json", SearchOption.AllDirectories);
            if (cases.Length == 0)
            {
                throw RcnnException.Usage($"golden: no case.json at or below '{folder}'");
            }

            Array.Sort(cases, StringComparer.Ordinal);
            found.AddRange(cases.Where(seen.Add));
        }

        return found;
    }

    /// <summary>Runs one case. Never throws for what is wrong with the case: that is a failure with its reason.</summary>
    public static GoldenResult Run(string caseJson, Device device)
    {
        var clock = Stopwatch.StartNew();
        GoldenCaseFile file;
        try
        {
            file = GoldenCaseFile.Read(caseJson);
        }
        catch (RcnnException e)
        {
            string folder = Path.GetDirectoryName(caseJson)!;
            return new GoldenResult(Path.GetFileName(Path.GetDirectoryName(folder)) + "/" + Path.GetFileName(folder), "", "FAIL", e.Message, 0, []);
        }

        if (GoldenOps.Find(file.Op) is not { } op)
        {
            return new GoldenResult(file.Name, file.Op, "skip", $"op {file.Op} is not implemented", 0, []);
        }

        bool elsewhere = device.type != TorchSharp.DeviceType.CPU && !op.OnDevice;
        var context = new GoldenContext(file, elsewhere ? CPU : device);
        string reason = "";
        try
        {
            using var scope = NewDisposeScope();
            op.Run(context);
        }
        catch (GoldenSkipException e)
        {
            return new GoldenResult(file.Name, file.Op, "skip", e.Message, clock.Elapsed.TotalMilliseconds, []);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            reason = (e is RcnnException ? e.Message : e.GetType().Name + ": " + e.Message).ReplaceLineEndings(" ").Trim();
        }

        List<GoldenOutcome> outcomes = [.. file.Outputs.Select(o => context.Outcomes.TryGetValue(o.Name, out GoldenOutcome? outcome)
            ? outcome : new GoldenOutcome(o.Name, false, double.PositiveInfinity, "not computed"))];
        List<GoldenOutcome> failed = [.. outcomes.Where(o => !o.Pass)];
        if (reason.Length == 0 && failed.Count > 0)
        {
            GoldenOutcome worst = failed.MaxBy(o => o.Ratio)!;
            reason = $"{worst.Output}: {worst.Detail}" + (failed.Count > 1 ? $"; also {string.Join(", ", failed.Where(o => o != worst).Select(o => o.Output))}" : "");
        }

        if (reason.Length == 0 && outcomes.Count == 0)
        {
            reason = "the case declares no outputs";
        }

        return new GoldenResult(file.Name, file.Op, reason.Length == 0 ? "pass" : "FAIL", reason, clock.Elapsed.TotalMilliseconds, outcomes) { OnCpu = elsewhere };
    }
}
