using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Training;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

public sealed class TrainingGalleryTests
{
    [Theory]
    [InlineData("model.input.scaleJitter=[0.5,1.5]")]
    [InlineData("model.input.trainSizes=[32,64]")]
    public void FirstBatch_IsTheTrainers(string size)
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(6);
        TrainConfig config = Config(data, size);
        IReadOnlyList<ImageSize> sizes = [];
        float[] pixels = [];
        float[][] boxes = [];
        using var model = new ToyModel(config.Seed);
        Assert.ThrowsAny<Exception>(() => TrainingRun.Execute(
            config, data, null, TrainingRun.Folder(config, folder.File("run"), false), model, First, (_, _) => new Dictionary<string, double>(), file => file, null, default));

        (IReadOnlyList<ImageSize> Sizes, float[] Pixels, float[][] Boxes) shown =
            TrainingGallery.Batches(config, data, null, 0).Select(b => (b.Seen.Sizes, Floats(b.Seen.Pixels), Boxes(b.Batch))).First();
        Assert.Equal(sizes, shown.Sizes);
        Assert.Equal(pixels, shown.Pixels);
        Assert.Equal(boxes, shown.Boxes);

        LossParts First(Batch batch, Rcnn.Ops.RandomStream random)
        {
            ImageBatch seen = new InputTransform(config.Model.Input).TrainingBatch(batch.Images, random);
            (sizes, pixels, boxes) = (seen.Sizes, Floats(seen.Pixels), Boxes(batch));
            throw new InvalidOperationException("seen");
        }
    }

    [Fact]
    public void Draw_ShowsAsManyAsAsked_InThePaddedFrame()
    {
        IDetectionDataset data = TinyDetector.Data(6);
        TrainingGallery.Tile[] tiles = [.. TrainingGallery.Draw(Config(data, "model.input.trainSizes=[32,64]"), data, null, 0, 5)];
        Assert.Equal(5, tiles.Length);
        Assert.All(tiles, t => Assert.Equal((0, 0), (t.Image.Width % 32, t.Image.Height % 32)));
    }

    private static TrainConfig Config(IDetectionDataset data, string size) => TrainingRun.Resolve(
        ConfigOverrides.Apply(
            ToyProblem.Baseline() with { Model = new() { Classes = data.ClassNames.Count + 1, Input = new() { MinSize = 48, MaxSize = 96 } } },
            ["data.colourJitter=0.2", "data.augment.crop=0.5", size]),
        data, null);

    private static float[] Floats(Tensor tensor) => tensor.contiguous().data<float>().ToArray();

    private static float[][] Boxes(Batch batch) => [.. batch.Targets.Select(t => t.Boxes.data<float>().ToArray())];
}
