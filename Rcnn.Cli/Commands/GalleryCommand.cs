using System.CommandLine;
using System.Globalization;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Training;
using Rcnn.Ops;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn gallery</c>: a picture of what the model will see in training, with boxes and masks.</summary>
internal static class GalleryCommand
{
    private const int Columns = 4;

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Training data, as for train.", HelpName = "D", Required = true };
        var output = new Option<string>("--out") { Description = "The picture, .jpg or .png.", HelpName = "FILE", Required = true };
        var count = new Option<int>("--count") { Description = "Images shown.", DefaultValueFactory = _ => 12, HelpName = "N" };
        var epoch = new Option<int>("--epoch") { Description = "The epoch whose random choices are shown.", HelpName = "E" };
        var seed = new Option<long>("--seed") { Description = "Seed of order and augmentation, as for train.", HelpName = "S" };
        var masks = new Option<bool>("--masks") { Description = "Masks too; every object of the data must have one." };
        var set = new Option<string[]>("--set") { Description = "Settings as for train, such as data.augment.mosaic=0.5; may be repeated.", HelpName = "key=value" };
        var command = new Command("gallery",
            "Draw what the model will see in training, after augmentation.\n"
            + "Example: rcnn gallery --data synthetic --set data.augment.mosaic=0.5 --set data.augment.copyPaste=1 --out gallery.jpg")
        {
            data, output, count, epoch, seed, masks, set,
        };
        command.SetAction(parsed => Run(
            parsed.GetValue(data)!, parsed.GetValue(output)!, parsed.GetValue(count), parsed.GetValue(epoch), parsed.GetValue(seed), parsed.GetValue(masks), parsed.GetValue(set) ?? []));
        return command;
    }

    private static int Run(string dataName, string output, int count, int epoch, long seed, bool masks, string[] settings)
    {
        if (count is < 1 or > 100)
        {
            throw RcnnException.Usage($"--count: 1 to 100 expected, got {count}");
        }

        IDetectionDataset dataset = DatasetFactory.Open(dataName);
        DataConfig config = ConfigOverrides.Apply(new TrainConfig(), settings).Data;
        var options = new LoaderOptions
        {
            BatchSize = 1,
            Seed = seed,
            FlipProbability = config.FlipProbability,
            ColourJitter = config.ColourJitter,
            Augment = config.Augment,
            MaxSide = config.MaxSide,
            CacheBytes = (long)config.CacheMegabytes << 20,
            Masks = masks,
        };
        options.Validate();
        var reader = new SampleReader(dataset, options);
        var tiles = new List<(RgbImage Image, string Caption)>();
        int objects = 0;
        foreach (int index in Enumerable.Range(0, Math.Min(count, dataset.Count)))
        {
            Sample sample = reader.Read(epoch, index);
            objects += sample.Boxes.Count;
            RgbImage drawn = DetectionDrawing.Draw(sample.Image, sample.Boxes.Select((box, i) => new BoxLabel(box, sample.Labels[i], null, sample.Masks is { } m ? Rle.Encode(m[i]) : null)), dataset.ClassNames);
            tiles.Add((drawn, string.Create(CultureInfo.InvariantCulture, $"{index}  {sample.Image.Width}x{sample.Image.Height}  {sample.Boxes.Count} objects")));
        }

        ImageFile.Write(output, ContactSheet.Compose(tiles, Columns, 320, 240));
        Console.WriteLine($"{output}: {tiles.Count} images, {objects} objects");
        return 0;
    }
}
