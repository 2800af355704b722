using System.CommandLine;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn gallery</c>: a picture of what the model will see in training, with boxes and masks.</summary>
internal static class GalleryCommand
{
    private const int Columns = 4;

    public static Command Create()
    {
        var data = new Option<string?>("--data") { Description = "Training data, as for train; a run's own when left out.", HelpName = "D" };
        var model = new Option<string?>("--model") { Description = "Model, as for train (default faster-rcnn-fpn).", HelpName = "M" };
        var backbone = new Option<string?>("--backbone") { Description = "Backbone, as for train.", HelpName = "B" };
        var run = new Option<string?>("--run") { Description = "Take the configuration of this run.", HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "The picture, .jpg or .png.", HelpName = "FILE", Required = true };
        var count = new Option<int>("--count") { Description = "Images shown.", DefaultValueFactory = _ => 12, HelpName = "N" };
        var epoch = new Option<int>("--epoch") { Description = "The epoch whose random choices are shown.", HelpName = "E" };
        var seed = new Option<long?>("--seed") { Description = "Seed of order and augmentation, as for train.", HelpName = "S" };
        var set = new Option<string[]>("--set") { Description = "Settings as for train, such as data.augment.mosaic=0.5; may be repeated.", HelpName = "key=value" };
        var command = new Command("gallery",
            "Draw what the model will see in training: the run's first images, augmented, resized and padded.\n"
            + "Example: rcnn gallery --data synthetic --model mask-rcnn-fpn --backbone resnet18 --set data.augment.mosaic=0.5 --out gallery.jpg")
        {
            data, model, backbone, run, output, count, epoch, seed, set,
        };
        command.SetAction(parsed => Run(
            new TrainArguments(
                parsed.GetValue(data), null, parsed.GetValue(model), parsed.GetValue(backbone), null, "", new StopConfig(), parsed.GetValue(seed), false, parsed.GetValue(set) ?? []),
            parsed.GetValue(run), parsed.GetValue(output)!, parsed.GetValue(count), parsed.GetValue(epoch)));
        return command;
    }

    private static int Run(TrainArguments arguments, string? run, string output, int count, int epoch)
    {
        if (count is < 1 or > 100)
        {
            throw RcnnException.Usage($"--count: 1 to 100 expected, got {count}");
        }

        if (epoch < 0)
        {
            throw RcnnException.Usage($"--epoch: 0 or more expected, got {epoch}");
        }

        if (run is not null && (arguments.Model ?? arguments.Backbone) is not null)
        {
            throw RcnnException.Usage("--run: has its model; leave out --model and --backbone");
        }

        TrainConfig? stored = run is null ? null : RunFolder.Open(run).Config;
        string name = arguments.Data ?? stored?.Data.Train ?? throw RcnnException.Usage("gallery: --data is missing");
        IDetectionDataset dataset = DatasetFactory.Open(name, stored?.Data.Classes);
        TrainConfig config = (arguments with { Model = arguments.Model ?? (stored is null ? "faster-rcnn-fpn" : null) }).Configure(stored, dataset.ClassNames.Count);
        config = TrainingRun.Resolve(config, dataset, null);
        if (DetectorFactory.IsClassic(config.Model))
        {
            throw RcnnException.Usage($"gallery: {config.Model.Assembly} sees single regions, not images; choose another --model");
        }

        using ProposalSource? proposals = ProposalSources.Open(config.Data.Proposals, null);
        TrainingGallery.Tile[] tiles = [.. TrainingGallery.Draw(config, dataset, proposals, epoch, count)];
        ImageFile.Write(output, ContactSheet.Compose([.. tiles.Select(t => (t.Image, t.Caption))], Columns, 320, 240));
        Console.WriteLine($"{output}: {tiles.Length} images, {tiles.Sum(t => t.Objects)} objects");
        return 0;
    }
}
