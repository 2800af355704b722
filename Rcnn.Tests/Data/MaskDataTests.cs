using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Synthetic;
using Rcnn.Core.Evaluation;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Data;

public sealed class MaskDataTests
{
    private readonly SyntheticDataset _scenes = new(SceneOptions.Easy, "train", 6);

    [Fact]
    public void SyntheticMasks_HaveTheBoxAndTheAreaOfTheirObjects()
    {
        for (int i = 0; i < _scenes.Count; i++)
        {
            foreach (ObjectAnnotation o in _scenes[i].Objects)
            {
                var mask = Assert.IsType<Rle>(o.Segmentation);
                (int x1, int y1, int x2, int y2) = mask.Decode().Box()!.Value;
                Assert.Equal(o.Box, new Box(x1, y1, x2, y2));
                Assert.Equal(o.Area, mask.Area);
            }
        }
    }

    [Fact]
    public void Loader_StacksMasks_WhichFlipWithTheImage()
    {
        Batch plain = Read(0), flipped = Read(1);
        using (plain)
        using (flipped)
        {
            for (int i = 0; i < _scenes.Count; i++)
            {
                Tensor masks = plain.Targets[i].Masks!;
                Assert.Equal([_scenes[i].Objects.Count, plain.Images[i].shape[0], plain.Images[i].shape[1]], masks.shape);
                Assert.Equal(uint8, masks.dtype);
                Assert.Equal(masks.flip(2).contiguous().data<byte>().ToArray(), flipped.Targets[i].Masks!.data<byte>().ToArray());
                if (masks.shape[0] > 0)
                {
                    // The inclusive pixels around a mask against its half-open box.
                    float[] around = MaskBoxes.Around(masks).data<float>().ToArray(), boxes = plain.Targets[i].Boxes.data<float>().ToArray();
                    Assert.Equal(boxes, around.Select((v, k) => k % 4 < 2 ? v : v + 1));
                }
            }
        }

        using Batch without = Assert.Single(new BatchLoader(_scenes, Options(0) with { Masks = false }).Epoch(0));
        Assert.All(without.Targets, t => Assert.Null(t.Masks));

        Batch Read(double flip) => Assert.Single(new BatchLoader(_scenes, Options(flip)).Epoch(0));
        LoaderOptions Options(double flip) => new() { BatchSize = 6, Shuffle = false, Workers = 0, Masks = true, FlipProbability = flip };
    }

    [Fact]
    public void ShrunkImages_HaveMasksOfTheirSize()
    {
        int side = Math.Max(_scenes[0].Width, _scenes[0].Height) / 2;
        Sample sample = new SampleReader(_scenes, new LoaderOptions { MaxSide = side, Masks = true }).Read(0, 0);
        Assert.All(sample.Masks!, m => Assert.Equal((sample.Image.Height, sample.Image.Width), (m.Height, m.Width)));
        foreach ((ObjectAnnotation o, BitmapMask m) in _scenes[0].Objects.Zip(sample.Masks!))
        {
            Assert.InRange(m.Area, (o.Area / 4 * 0.85) - 8, (o.Area / 4 * 1.15) + 8);
        }
    }

    [Fact]
    public void DataWithoutMasks_SaysSo()
    {
        using var folder = new DataFolder();
        folder.Image("a.png", 20, 12);
        File.WriteAllText(folder.PathOf("g.json"), """
            {"images":[{"id":1,"file_name":"a.png","width":20,"height":12}],"categories":[{"id":1,"name":"cat"}],
             "annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4]}]}
            """);
        FileDataset data = CocoReader.Open(folder.PathOf("g.json"), folder.Root);
        var e = Assert.Throws<RcnnException>(() => new SampleReader(data, new LoaderOptions { Masks = true }).Read(0, 0));
        Assert.Equal($"{folder.PathOf("g.json")}: a.png has an object (cat) without a mask; masks are asked for, which COCO files have as 'segmentation'", e.Message);
        Assert.Single(new SampleReader(data, new LoaderOptions()).Read(0, 0).Boxes);
    }

    [Fact]
    public void GroundTruthOfADataset_HasItsMasks_AndItsOwnMasksScoreOne()
    {
        CocoGroundTruth truth = CocoGroundTruth.FromDataset(_scenes, masks: true);
        DetectionRow[] found = [.. truth.Objects.Select(o => new DetectionRow(o.ImageId, o.CategoryId, o.X, o.Y, o.Width, o.Height, 0.5, o.Mask))];
        Assert.Equal(1, CocoEvaluator.Evaluate(truth, found, new CocoEvaluationOptions { IouType = CocoIouType.Mask }).Stats[0], 12);
        Assert.All(CocoGroundTruth.FromDataset(_scenes).Objects, o => Assert.Null(o.Mask));
    }
}
