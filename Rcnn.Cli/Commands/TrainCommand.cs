using System.CommandLine;
using System.Globalization;
using Rcnn.Cli.Progress;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn train</c>: trains a detector into a run folder, or continues one.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Training data: voc:DIR[:SPLIT], coco:JSON,IMAGEDIR or synthetic[:SPLIT][:COUNT].", HelpName = "D" };
        var validation = new Option<string?>("--val") { Description = "Validation data that chooses the best checkpoint.", HelpName = "D" };
        var model = new Option<string?>("--model") { Description = "rcnn, fast-rcnn, faster-rcnn-c4, faster-rcnn-fpn, mask-rcnn-fpn, or a torchvision name such as maskrcnn_resnet50_fpn_v2.", HelpName = "M" };
        var backbone = new Option<string?>("--backbone") { Description = "resnet18 … resnet152, resnext50_32x4d, mobilenet_v2, mobilenet_v3_large, mobilenet_v3_small, alexnet, vgg16, vgg16_bn, squeezenet1_0, …", HelpName = "B" };
        var init = new Option<string?>("--init") { Description = "Weights to start from: a classifier's for the backbone, or a detector's.", HelpName = "FILE" };
        var output = new Option<string>("--out") { Description = "The run folder.", HelpName = "DIR", Required = true };
        var steps = new Option<int?>("--steps") { Description = "Stop after N steps.", HelpName = "N" };
        var epochs = new Option<double?>("--epochs") { Description = "Stop after N passes over the data.", HelpName = "N" };
        var minutes = new Option<double?>("--minutes") { Description = "Stop after T minutes of training; schedules follow the time.", HelpName = "T" };
        var seed = new Option<long?>("--seed") { Description = "Seed of weights, order, augmentation and sampling (default 0).", HelpName = "S" };
        var resume = new Option<bool>("--resume") { Description = "Continue the run in --out from its last checkpoint." };
        var device = DeviceOption.Create("Where to compute: cpu, cuda or cuda:N (default cpu; a resumed run stays where it was).");
        var procedure = new Option<string?>("--procedure") { Description = "joint, or alternating: the four steps of the Faster R-CNN paper.", HelpName = "P" };
        var set = new Option<string[]>("--set") { Description = "Change a setting of config.json, such as optimizer.learningRate=0.02; may be repeated.", HelpName = "key=value" };
        var command = new Command("train",
            "Train a detector.\nExample: rcnn train --data voc:photos/train --model faster-rcnn-c4 --backbone mobilenet_v2 --minutes 10 --out runs/first\n"
            + "Continue: rcnn train --resume --out runs/first")
        {
            data, validation, model, backbone, init, output, steps, epochs, minutes, seed, resume, device, procedure, set,
        };
        command.SetAction(parsed => Run(new TrainArguments(
            parsed.GetValue(data),
            parsed.GetValue(validation),
            parsed.GetValue(model),
            parsed.GetValue(backbone),
            parsed.GetValue(init),
            parsed.GetValue(output)!,
            new StopConfig { Steps = parsed.GetValue(steps), Epochs = parsed.GetValue(epochs), Minutes = parsed.GetValue(minutes) },
            parsed.GetValue(seed),
            parsed.GetValue(resume),
            [.. Setting("device", parsed.GetValue(device)), .. Setting("procedure", parsed.GetValue(procedure)), .. parsed.GetValue(set) ?? []])));
        return command;
    }

    private static string[] Setting(string name, string? value) => value is null ? [] : [$"{name}={value}"];

    private static int Run(TrainArguments arguments)
    {
        using var interrupt = new InterruptSignal();
        TrainConfig? stored = arguments.Resume && RunFolder.Exists(arguments.Out) ? RunFolder.Open(arguments.Out).Config : null;
        if (!arguments.Resume)
        {
            RunFolder.RefuseStarted(arguments.Out);
        }

        string dataName = arguments.Data ?? stored?.Data.Train ?? throw RcnnException.Usage("train: --data is missing");
        IDetectionDataset train = DatasetFactory.Open(dataName, stored?.Data.Classes);
        TrainConfig config = arguments.Configure(stored, train.ClassNames.Count);
        // Before the data is looked through.
        _ = ComputeDevice.Of(config.Device);
        IDetectionDataset? validation = (arguments.Validation ?? stored?.Data.Validation) is { } name ? DatasetFactory.Open(name, train.ClassNames) : null;
        Audit(train);
        if (validation is not null)
        {
            Audit(validation);
        }

        RunSummary summary = TrainingProgress.Run(observer =>
            TrainingRun.Execute(config, train, validation, arguments.Out, observer, arguments.Resume, interrupt.Token));
        string work = string.Create(CultureInfo.InvariantCulture, $"{summary.Steps} steps, {summary.Elapsed.TotalMinutes:F1} minutes, loss {summary.FinalLoss:F3}");
        if (summary.Outcome == RunOutcome.Interrupted)
        {
            Console.Error.WriteLine($"rcnn: interrupted after {work}; go on with: ./rcnn train --resume --out {arguments.Out}");
            return 130;
        }

        string best = summary.BestStep is { } step
            ? string.Create(CultureInfo.InvariantCulture, $", best at step {step}: {config.BestMetric} {RunMetrics.Best(summary):F3}")
            : "";
        Console.WriteLine($"{summary.Folder}: {work}{best}");
        return 0;
    }

    private static void Audit(IDetectionDataset data)
    {
        AuditReport report = DataAudit.Run(data);
        foreach (string line in report.Lines())
        {
            Console.Error.WriteLine(line);
        }

        report.ThrowIfErrors();
    }
}
