using System.Text.Json.Nodes;
using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;
using Rcnn.Core.Runs;

namespace Rcnn.Core.Analysis;

/// <summary>report.html of a run: figures, loss curves, AP by class, precision over recall, sample detections beside the ground truth, configuration, environment.</summary>
public static class RunReport
{
    /// <summary>Writes the report and returns its path.</summary>
    /// <param name="run">A run with detections.json.</param>
    /// <param name="dataset">The data that the detections were made on.</param>
    /// <param name="samples">Number of images to show.</param>
    /// <param name="path">The file; null takes report.html in the run folder.</param>
    /// <param name="title">Heading; null takes the name of the run.</param>
    /// <param name="closing">Adds sections before the configuration.</param>
    /// <exception cref="RcnnException">No detections there, or they belong to other data.</exception>
    public static string Write(RunFolder run, IDetectionDataset dataset, int samples = 12, string? path = null, string? title = null, Action<HtmlPage>? closing = null)
    {
        if (!File.Exists(run.DetectionsFile))
        {
            throw new RcnnException($"{run.DetectionsFile}: no such file; evaluate the run first");
        }

        CocoGroundTruth truth = CocoGroundTruth.FromDataset(dataset);
        IReadOnlyList<DetectionRow> detections = DetectionFile.Read(run.DetectionsFile, truth, DetectionMasks.Keep);
        CocoResult result = CocoEvaluator.Evaluate(truth, detections);
        var page = new HtmlPage(title ?? $"Run {run.Name}");
        page.Paragraph($"{run.Config.Model.Assembly} with {run.Config.Model.Backbone.Name}, trained on {run.Config.Data.Train}, evaluated on {dataset.Name} ({dataset.Count} images).");
        AddResults(page, result, truth);
        AddTraining(page, run.MetricsFile);
        page.Section("Sample detections");
        page.Paragraph(FormattableString.Invariant($"Evenly spaced images of {dataset.Name}; detections with a score of at least {SampleDetections.ShownScore}."));
        new SampleDetections(dataset, samples).AddTo(page, [("detections", detections)]);
        closing?.Invoke(page);
        AddBackground(page, run);
        path ??= run.ReportFile;
        page.Write(path);
        return path;
    }

    /// <summary>Headline figures, AP by class, precision over recall.</summary>
    internal static void AddResults(HtmlPage page, CocoResult result, CocoGroundTruth truth)
    {
        page.Section("Results");
        page.Figures([.. CocoResult.StatNames.Zip(result.Stats).Where(s => s.First is "AP" or "AP50" or "AP75" or "APs" or "APm" or "APl" or "AR100").Select(s => (Score(s.Second), s.First))]);
        page.Paragraph("COCO's metrics: AP is the mean over IoU thresholds 0.50 to 0.95; s, m and l are objects below 32², up to 96², above 96² pixels. A dash: no such object.");
        Dictionary<int, int> objects = truth.Objects.Where(o => !o.Crowd).GroupBy(o => o.CategoryId).ToDictionary(g => g.Key, g => g.Count());
        page.Table(
            ["class", "objects", "AP", "AP50", "AP75"],
            result.CategoryIds.Select((id, k) => new[]
            {
                result.CategoryNames[k], objects.GetValueOrDefault(id).ToString(), Score(result.CategoryPrecision(k)), Score(result.CategoryPrecision(k, 0.5)), Score(result.CategoryPrecision(k, 0.75)),
            }));
        page.Charts(RunCharts.PrecisionRecall(result, 0), RunCharts.PrecisionRecall(result, 5));
    }

    /// <summary>Loss curves, learning rate and validations from metrics.jsonl.</summary>
    internal static void AddTraining(HtmlPage page, string metricsFile)
    {
        JsonObject[] lines = [.. MetricsLog.Read(metricsFile)];
        JsonObject[] steps = [.. lines.Where(line => (string?)line["kind"] == "step")];
        if (steps.Length < 2)
        {
            return;
        }

        page.Section("Training");
        double[] at = [.. steps.Select(line => (double)line["step"]!)];
        string[] parts = [.. steps[0].Select(pair => pair.Key).Where(name => name.StartsWith("loss", StringComparison.Ordinal))];
        var charts = new List<string> { RunCharts.OverSteps(at, parts.Select(name => (name, Values(steps, name))), "Loss", "loss") };
        JsonObject[] validations = [.. lines.Where(line => (string?)line["kind"] == "eval")];
        string[] metrics = [.. new[] { "AP", "AP50", "AP75", "mAP" }.Where(name => validations.Any(line => line[name] is not null))];
        if (validations.Length > 1 && metrics.Length > 0)
        {
            charts.Add(RunCharts.Measurements([.. validations.Select(line => (double)line["step"]!)], metrics.Select(name => (name, Values(validations, name))), "Validation"));
        }

        page.Charts(charts);
    }

    internal static void AddBackground(HtmlPage page, RunFolder run)
    {
        page.Section("Configuration and environment");
        page.Folded("config.json", File.ReadAllText(run.ConfigFile));
        if (File.Exists(run.EnvironmentFile))
        {
            page.Folded("environment.json", File.ReadAllText(run.EnvironmentFile));
        }
    }

    private static double[] Values(IEnumerable<JsonObject> lines, string name) => [.. lines.Select(line => (double?)line[name] ?? double.NaN)];

    private static string Score(double value) => value < 0 ? "–" : RunCharts.Text(value, "0.000");
}
