using System.Text.Json.Nodes;
using Rcnn.Core.Training;

namespace Rcnn.Core.Runs;

/// <summary>The numbers of a run as its folder tells them.</summary>
public static class RunMetrics
{
    /// <summary>Metrics of the last evaluation; else of the last validation; else empty.</summary>
    public static IReadOnlyDictionary<string, double> Of(RunFolder run)
    {
        if (File.Exists(run.EvaluationFile) && JsonNode.Parse(File.ReadAllText(run.EvaluationFile))?["metrics"] is JsonObject metrics)
        {
            return metrics.ToDictionary(m => m.Key, m => (double)m.Value!);
        }

        return State(run).Metrics;
    }

    /// <summary>State of the latest checkpoint; an empty state before the first.</summary>
    public static CheckpointState State(RunFolder run) => run.LatestCheckpoint() is { } latest ? Checkpoint.ReadState(latest) : new CheckpointState();

    /// <summary>The best value of the run's own metric, NaN without validation.</summary>
    public static double Best(RunSummary summary) => State(RunFolder.Open(summary.Folder)).BestValue ?? double.NaN;
}
