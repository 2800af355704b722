using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Rcnn.Cli.Progress;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn eval</c>: measures a run's detector on a dataset.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var run = new Option<string>("--run") { Description = "The run folder.", HelpName = "DIR", Required = true };
        var data = new Option<string?>("--data") { Description = "Data to measure on; the run's validation data when left out.", HelpName = "D" };
        var metric = new Option<string>("--metric") { Description = "coco, voc07 or voc.", DefaultValueFactory = _ => "coco" };
        metric.AcceptOnlyFromAmong("coco", "voc07", "voc");
        var device = DeviceOption.Create("Where to compute: cpu, cuda or cuda:N (default: where the run was trained).");
        var json = new Option<string?>("--json") { Description = "Write the metrics to this file.", HelpName = "FILE" };
        var command = new Command("eval",
            "Measure a trained detector; writes detections.json into the run folder.\nExample: rcnn eval --run runs/first --data voc:photos/test --metric coco\nExample: rcnn eval --run runs/first --scales 0.8,1,1.2 --flip --fusion wbf")
        {
            run, data, metric, device, json,
        };
        var test = new TestOptions();
        test.AddTo(command);
        command.SetAction(parsed => Run(parsed.GetValue(run)!, parsed.GetValue(data), parsed.GetValue(metric)!, parsed.GetValue(device), parsed.GetValue(json), test.Augmentation(parsed), test.Svd(parsed)));
        return command;
    }

    private static int Run(string run, string? data, string metric, string? device, string? json, TestAugmentation augmentation, FullyConnectedRanks? svd)
    {
        using var interrupt = new InterruptSignal();
        RunFolder folder = RunFolder.Open(run);
        _ = ComputeDevice.Of(device ?? folder.Config.Device);
        string name = data ?? folder.Config.Data.Validation ?? throw RcnnException.Usage("eval: --data is missing, and the run has no validation data");
        IDetectionDataset dataset = DatasetFactory.Open(name, folder.Config.Data.Classes is { Length: > 0 } classes ? classes : null);
        long start = Stopwatch.GetTimestamp();
        EvaluationSummary summary = TrainingProgress.Run(observer => EvaluationRun.Execute(
            folder, dataset, metric, observer, interrupt.Token, options => options with { Device = device ?? options.Device, Augmentation = augmentation, Svd = svd }));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{summary.Data}: {dataset.Count} images, {summary.Detections.Count} detections in {folder.DetectionsFile}, {seconds:F1} s"));
        int width = summary.Metrics.Keys.Max(k => k.Length);
        foreach ((string key, double value) in summary.Metrics)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {key.PadRight(width)}  {value:F4}"));
        }

        if (json is not null)
        {
            DurableFile.WriteText(json, ConfigJson.Write(new { data = summary.Data, metric, metrics = summary.Metrics }));
        }

        return 0;
    }
}
