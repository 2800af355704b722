using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Core.Weights;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn detect</c>: finds objects in images, prints them, draws them.</summary>
internal static class DetectCommand
{
    public static Command Create()
    {
        var images = new Argument<string[]>("IMAGE") { Arity = ArgumentArity.OneOrMore, Description = "JPEG or PNG files, or folders of them." };
        var run = new Option<string?>("--run") { Description = "A run folder: its configuration, class names and best checkpoint.", HelpName = "DIR" };
        var weights = new Option<string?>("--weights") { Description = "A weight file, .pth or .safetensors, for --model.", HelpName = "FILE" };
        var model = new Option<string?>("--model") { Description = "With --weights: faster-rcnn-fpn, faster-rcnn-c4, mask-rcnn-fpn or a torchvision name; guessed from the weights where it can be.", HelpName = "M" };
        var backbone = new Option<string?>("--backbone") { Description = "With --weights: resnet50, mobilenet_v3_large, …", HelpName = "B" };
        var score = new Option<double>("--score") { Description = "Show detections from this score on.", DefaultValueFactory = _ => 0.5 };
        var output = new Option<string?>("--out") { Description = "Write the images with their detections drawn into this folder.", HelpName = "DIR" };
        var device = DeviceOption.Create("Where to compute: cpu, cuda or cuda:N (default: where the run was trained; with --weights the CPU).");
        var json = new Option<string?>("--json") { Description = "Write all detections to this file.", HelpName = "FILE" };
        var command = new Command("detect",
            "Find objects in images.\nExample: rcnn detect --run runs/cards photo.jpg --out drawn\nExample: rcnn detect --weights fasterrcnn.pth --model faster-rcnn-fpn photo.jpg")
        {
            images, run, weights, model, backbone, score, device, output, json,
        };
        var test = new TestOptions();
        test.AddTo(command);
        command.SetAction(parsed =>
        {
            (IDetector detector, IReadOnlyList<string> names, DataConfig data) = (parsed.GetValue(run), parsed.GetValue(weights)) switch
            {
                ({ } folder, null) => FromRun(folder, parsed.GetValue(device)),
                (null, { } file) => FromWeights(file, parsed.GetValue(model), parsed.GetValue(backbone), parsed.GetValue(device)),
                _ => throw RcnnException.Usage("detect: either --run or --weights expected"),
            };
            using (detector)
            {
                using IDisposable? truncated = test.Svd(parsed)?.ApplyTo(detector, Console.WriteLine);
                DetectImages augmented = TestTimeAugmentation.Around(detector, test.Augmentation(parsed));
                return Run(detector.Config, augmented, names, data, Files(parsed.GetValue(images)!), parsed.GetValue(score), parsed.GetValue(output), parsed.GetValue(json));
            }
        });
        return command;
    }

    private static (IDetector Detector, IReadOnlyList<string> Names, DataConfig Data) FromRun(string folder, string? device)
    {
        RunFolder run = RunFolder.Open(folder);
        return (run.OpenDetector(device: device ?? run.Config.Device), run.Config.Data.Classes, run.Config.Data);
    }

    /// <summary>The number of classes is read off the weights, so that any checkpoint of the assembly loads.</summary>
    private static (IDetector Detector, IReadOnlyList<string> Names, DataConfig Data) FromWeights(string file, string? model, string? backbone, string? device)
    {
        Device place = ComputeDevice.Of(device ?? "cpu");
        IReadOnlyDictionary<string, Tensor> weights = WeightFile.Read(file);
        try
        {
            if (!weights.TryGetValue("roi_heads.box_predictor.cls_score.bias", out Tensor? bias))
            {
                throw new RcnnException($"{file}: roi_heads.box_predictor.cls_score.bias is missing: not the weights of a detector");
            }

            int classes = (int)bias.shape[0];
            WeightArchitecture found = WeightArchitecture.Of(weights.ToDictionary(w => w.Key, w => w.Value.shape));
            if (model is null && found.Backbone is null)
            {
                throw RcnnException.Usage(
                    $"detect: {file} tells no architecture; give --model, one of {string.Join(", ", DetectorFactory.Assemblies.Concat(DetectorPresets.Torchvision))}");
            }

            model ??= found.Model!;
            DetectorConfig config = DetectorPresets.Create(model, DetectorPresets.Torchvision.Contains(model) ? backbone : backbone ?? found.Backbone, classes);
            // torchvision runs its first COCO checkpoints, whose normalisation is fixed, with eps 0.
            bool first = found.Frozen && classes == 91 && (found.Model is "fasterrcnn_resnet50_fpn" or "maskrcnn_resnet50_fpn");
            config = config with { Backbone = config.Backbone with { Norm = found.Frozen ? "frozen" : "bn", NormEps = first ? 0 : config.Backbone.NormEps } };
            TwoStageDetector detector = DetectorFactory.Create(config, 0);
            ComputeDevice.Place(detector, place);
            DetectorWeights.LoadDetector(detector, weights, file);
            detector.eval();
            return (detector, [.. Enumerable.Range(1, classes - 1).Select(i => "class " + i.ToString(CultureInfo.InvariantCulture))], new DataConfig());
        }
        finally
        {
            foreach (Tensor tensor in weights.Values)
            {
                tensor.Dispose();
            }
        }
    }

    private static IReadOnlyList<string> Files(IEnumerable<string> arguments)
    {
        var files = new List<string>();
        foreach (string argument in arguments)
        {
            if (Directory.Exists(argument))
            {
                files.AddRange(Directory.EnumerateFiles(argument).Where(IsImage).Order(StringComparer.Ordinal));
            }
            else if (File.Exists(argument))
            {
                files.Add(argument);
            }
            else
            {
                throw RcnnException.Usage($"detect: no such image: {argument}");
            }
        }

        return files.Count > 0 ? files : throw RcnnException.Usage("detect: no .jpg, .jpeg or .png file in the folders given");
    }

    private static bool IsImage(string file) => Path.GetExtension(file).ToLowerInvariant() is ".jpg" or ".jpeg" or ".png";

    /// <summary>What a model without a proposal network looks at, in pixels of the image as the detector sees it.</summary>
    private static Tensor[]? Proposals(DetectorConfig model, ProposalSource? source, RgbImage image, ProposalImage file)
    {
        if (!DetectorFactory.NeedsProposals(model))
        {
            return null;
        }

        return source is null
            ? throw new RcnnException($"{file.FileName}: {model.Assembly} takes its regions from outside, and the run names neither a method nor a file for them (data.proposals)")
            : [BatchLoader.Corners(source.Of(image, file))];
    }

    private static int Run(
        DetectorConfig model, DetectImages detect, IReadOnlyList<string> names, DataConfig data, IReadOnlyList<string> files, double least, string? output, string? json)
    {
        var list = new JsonArray();
        // With a method nothing has to be kept.
        using ProposalSource? source = ProposalSources.Open(data.Proposals.Method is null ? data.Proposals : data.Proposals with { File = null }, null);
        if (output is not null)
        {
            Directory.CreateDirectory(output);
        }

        foreach (string file in files)
        {
            // As training and evaluation load it.
            RgbImage image = ImageFile.Read(file), seen = SampleReader.Shrink(image, data.MaxSide);
            long start = Stopwatch.GetTimestamp();
            using var scope = NewDisposeScope();
            Tensor pixels = tensor(seen.Pixels, [seen.Height, seen.Width, 3], ScalarType.Byte);
            Detections found = detect([pixels], Proposals(model, source, seen, new(file, null, image.Width, image.Height)))[0];
            double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            IReadOnlyList<BoxLabel> boxes = DetectionDrawing.Boxes(found, new(image.Height, image.Width), BoxSettings.Paste(model.Output), new(seen.Height, seen.Width));
            BoxLabel[] shown = [.. boxes.Where(b => b.Score >= least)];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {shown.Length} objects, {milliseconds:F0} ms"));
            foreach (BoxLabel b in shown)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  {names[b.Label - 1],-16} {b.Score:F3}  {b.Box.X1:F1} {b.Box.Y1:F1} {b.Box.X2:F1} {b.Box.Y2:F1}"));
            }

            if (output is not null)
            {
                ImageFile.Write(Path.Combine(output, Path.GetFileName(file)), DetectionDrawing.Draw(image, shown, names));
            }

            list.Add(Json(file, boxes, names));
        }

        if (json is not null)
        {
            File.WriteAllText(json, list.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }

        return 0;
    }

    private static JsonObject Json(string file, IEnumerable<BoxLabel> boxes, IReadOnlyList<string> names) => new()
    {
        ["image"] = file,
        ["detections"] = new JsonArray([.. boxes.Select(b => Json(b, names))]),
    };

    private static JsonObject Json(BoxLabel found, IReadOnlyList<string> names)
    {
        var json = new JsonObject
        {
            ["class"] = names[found.Label - 1],
            ["label"] = found.Label,
            ["score"] = found.Score,
            ["box"] = new JsonArray(found.Box.X1, found.Box.Y1, found.Box.X2, found.Box.Y2),
        };
        if (found.Mask is Rle mask)
        {
            json["segmentation"] = new JsonObject { ["size"] = new JsonArray(mask.Height, mask.Width), ["counts"] = mask.ToString() };
        }

        return json;
    }
}
