using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

/// <summary>Counts published with each dataset; every image header is read as well.</summary>
public sealed class RealDataTests
{
    [SkippableTheory]
    [InlineData("playing-cards/train", 296, 527, "ace 92, jack 89, king 95, nine 89, queen 80, ten 82")]
    [InlineData("playing-cards/test", 67, 143, "ace 26, jack 24, king 23, nine 26, queen 26, ten 18")]
    [InlineData("voc2012-100", 100, 273, null)]
    [InlineData("bccd", 364, 4886, "Platelets 361, RBC 4153, WBC 372")]
    public void VocFolder_HasItsPublishedCounts(string folder, int images, int objects, string? classes)
    {
        string path = SharedData.Data(folder);
        AuditReport report = DataAudit.Run(DatasetFactory.Open("voc:" + path));
        Assert.Equal((images, objects, 0), (report.Images, report.Objects, report.Errors.Count));
        if (classes is not null)
        {
            Assert.Equal(classes, string.Join(", ", report.ClassCounts.Select(c => $"{c.Name} {c.Objects}")));
        }
    }

    [SkippableFact]
    public void Bccd_HasSplits_AndTwoBoxesWithoutArea()
    {
        string path = SharedData.Data("bccd");
        Assert.Equal([205, 87, 292, 72], new[] { "train", "val", "trainval", "test" }.Select(s => DatasetFactory.Open($"voc:{path}:{s}").Count));
        AuditReport report = DataAudit.Run(DatasetFactory.Open("voc:" + path));
        Assert.Equal(2, report.Warnings.Count);
        Assert.EndsWith("BloodImage_00338.xml:163: box (504,337,504,337) has no area; dropped", report.Warnings[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("BloodImage_00343.xml:", report.Warnings[1].ToString(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Voc2012_HasItsDifficultObjects_AndSizes()
    {
        string path = SharedData.Data("voc2012-100");
        IDetectionDataset data = DatasetFactory.Open("voc:" + path);
        AuditReport report = DataAudit.Run(data);
        Assert.Equal((38, 20), (report.Difficult, data.ClassNames.Count));
        for (int i = 0; i < data.Count; i += 9)
        {
            RgbImage image = data.Decode(i);
            Assert.Equal((data[i].Width, data[i].Height), (image.Width, image.Height));
        }
    }

    [SkippableFact]
    public void Coco128_HasItsPublishedCounts()
    {
        string folder = SharedData.Data("coco128-train2017");
        IDetectionDataset boxes = DatasetFactory.Open($"coco:{folder}/instances_train2017_128_boxes.json,{folder}/images");
        AuditReport report = DataAudit.Run(boxes);
        Assert.Equal((128, 929, 2, 80, 0), (report.Images, report.Objects, report.EmptyImages, boxes.ClassNames.Count, report.Errors.Count));
        AuditReport masks = DataAudit.Run(DatasetFactory.Open($"coco:{folder}/instances_train2017_100_masks.json,{folder}/images"));
        Assert.Equal((746, 6, 0), (masks.Objects, masks.Crowds, masks.Errors.Count));
    }
}
