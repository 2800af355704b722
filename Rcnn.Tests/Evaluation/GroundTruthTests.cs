using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;

namespace Rcnn.Tests.Evaluation;

public sealed class GroundTruthTests
{
    [Fact]
    public void FromDataset_KeepsIdsAreasAndFlags()
    {
        CocoGroundTruth truth = CocoGroundTruth.FromDataset(new TwoImages());
        Assert.Equal([new CocoImage(40, "dir/a.jpg", 20, 10), new CocoImage(50, "b.jpg", 20, 10)], truth.Images);
        Assert.Equal([new CocoCategory(3, "cat"), new CocoCategory(7, "dog")], truth.Categories);
        Assert.Equal(
            [new CocoObject(1, 40, 7, 1, 2, 4, 5, 12.5, false), new CocoObject(2, 40, 3, 0, 0, 10, 10, 100, true)], truth.Objects);
    }

    [Fact]
    public void VocFromDatasetAndFromCoco_GiveInclusiveCorners()
    {
        VocGroundTruth voc = VocGroundTruth.FromDataset(new TwoImages());
        Assert.Equal(["a", "b"], voc.Images);
        Assert.Equal([new VocObject("a", "dog", 2, 3, 5, 7, true), new VocObject("a", "cat", 1, 1, 10, 10, false)], voc.Objects);
        VocGroundTruth coco = VocGroundTruth.FromCoco(CocoGroundTruth.FromDataset(new TwoImages()));
        Assert.Equal([new VocObject("a", "dog", 2, 3, 5, 7, false), new VocObject("a", "cat", 1, 1, 10, 10, true)], coco.Objects);
        Assert.Equal([new VocDetection("b", "cat", 0.5, 2, 3, 4, 6)],
            VocGroundTruth.Convert([new DetectionRow(50, 3, 1, 2, 3, 4, 0.5)], CocoGroundTruth.FromDataset(new TwoImages())));
    }

    private sealed class TwoImages : IDetectionDataset
    {
        public string Name => "two";

        public IReadOnlyList<string> ClassNames => ["cat", "dog"];

        public IReadOnlyList<int> CategoryIds => [3, 7];

        public int Count => 2;

        public ImageRecord this[int index] => index == 0
            ? new ImageRecord(40, "dir/a.jpg", 20, 10,
                [new ObjectAnnotation(new Box(1, 2, 5, 7), 2, Difficult: true, Area: 12.5), new ObjectAnnotation(new Box(0, 0, 10, 10), 1, Crowd: true)], "a")
            : new ImageRecord(50, "b.jpg", 20, 10, [], "b");

        public RgbImage Decode(int index) => throw new NotSupportedException();

        public string Fingerprint() => "";
    }
}
