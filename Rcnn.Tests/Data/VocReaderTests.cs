using Rcnn.Core;
using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

public sealed class VocReaderTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void InclusiveCorners_BecomeHalfOpen_AndBackWithoutLoss()
    {
        Box box = VocCoordinates.FromInclusive(1, 2, 10, 20);
        Assert.Equal(new Box(0, 1, 10, 20), box);
        Assert.Equal(10, box.Width);
        Assert.Equal((1, 2, 10, 20), VocCoordinates.ToInclusive(box));
    }

    [Fact]
    public void FlatFolder_MixedExtensions_IsReadInTheOrderOfNames()
    {
        _folder.Image("b.jpg");
        _folder.Image("a.JPG");
        _folder.Voc("b.xml", 20, 12, ("cat", "1 1 20 12", ""));
        _folder.Voc("a.xml", 20, 12, ("dog", "3 2 5 7", "<difficult>1</difficult>"), ("cat", "1 1 4.5 4", "<difficult>0</difficult>"));
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root);
        Assert.Equal(["cat", "dog"], data.ClassNames);
        Assert.Equal([1, 2], data.CategoryIds);
        Assert.Equal(2, data.Count);
        Assert.Equal("a.JPG", data[0].FileName);
        Assert.Equal([1, 2], new[] { data[0].Id, data[1].Id });
        Assert.Equal([new ObjectAnnotation(new Box(2, 1, 5, 7), 2, Difficult: true, false, 18), new ObjectAnnotation(new Box(0, 0, 4.5, 4), 1, false, false, 18)], data[0].Objects);
        Assert.Equal(new Box(0, 0, 20, 12), data[1].Objects[0].Box);
        Assert.Equal((20, 12), (data.Decode(0).Width, data.Decode(0).Height));
    }

    [Fact]
    public void StandardLayout_SplitGivesOrder_AndClassesComeFromAllSplits()
    {
        foreach (string name in new[] { "x", "y", "z" })
        {
            _folder.Image($"JPEGImages/{name}.jpg");
            _folder.Voc($"Annotations/{name}.xml", 20, 12, (name + "-class", "1 1 5 5", ""));
        }

        _folder.Text("ImageSets/Main/val.txt", "z\nx  -1\n\n");
        IDetectionDataset data = DatasetFactory.Open($"voc:{_folder.Root}:val");
        Assert.Equal(["x-class", "y-class", "z-class"], data.ClassNames);
        Assert.Equal(["z.jpg", "x.jpg"], new[] { data[0].FileName, data[1].FileName });
        Assert.Equal(3, DatasetFactory.Open("voc:" + _folder.Root).Count);
    }

    [Fact]
    public void FlatFolder_SplitIsASubfolder()
    {
        _folder.Image("train/a.png");
        _folder.Voc("train/a.xml", 20, 12, ("cat", "1 1 5 5", ""));
        Assert.Equal(1, DatasetFactory.Open($"voc:{_folder.Root}:train").Count);
        var e = Assert.Throws<RcnnException>(() => DatasetFactory.Open($"voc:{_folder.Root}:test"));
        Assert.Contains("split 'test'", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, e.ExitCode);
    }

    [Fact]
    public void ClassList_OfTheFolder_GivesTheOrder()
    {
        _folder.Image("a.png");
        _folder.Text("classes.txt", "zebra\n ant \n");
        _folder.Voc("a.xml", 20, 12, ("ant", "1 1 5 5", ""));
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root);
        Assert.Equal(["zebra", "ant"], data.ClassNames);
        Assert.Equal(2, data[0].Objects[0].Label);
    }

    [Fact]
    public void UnknownClass_NamesFileLineAndValue()
    {
        _folder.Image("a.png");
        string xml = _folder.Voc("a.xml", 20, 12, ("cat", "1 1 5 5", ""), ("cow", "1 1 5 5", ""));
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root, ["cat", "dog"]);
        var e = Assert.Throws<RcnnException>(() => data[0]);
        Assert.Equal($"{xml}:17: class 'cow' is none of cat, dog", e.Message);
        Assert.Equal(1, e.ExitCode);
    }

    [Fact]
    public void Dtd_IsRefused_WithFileAndLine()
    {
        _folder.Image("a.png");
        string xml = _folder.Text("a.xml", "<?xml version=\"1.0\"?>\n<!DOCTYPE annotation [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<annotation><filename>&x;</filename></annotation>\n");
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root, ["cat"]);
        var e = Assert.Throws<RcnnException>(() => data[0]);
        Assert.Equal($"{xml}:2: a DTD (<!DOCTYPE …>) is not accepted", e.Message);
    }

    [Theory]
    [InlineData("<annotation>\n<object>\n</annotation>", ":3: no valid XML, ")]
    [InlineData("<annotation>\n<size><width>20</width><height>12</height></size>\n<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin>\n<xmax>five</xmax><ymax>5</ymax></bndbox></object></annotation>", ":4: <xmax> is no number: 'five'")]
    [InlineData("<annotation>\n<size><width>20</width><height>12</height></size>\n<object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object></annotation>", ":3: <bndbox> without <ymin>")]
    [InlineData("<annotation>\n<size><width>20</width></size></annotation>", ":2: <size> without <height>")]
    [InlineData("<annotation>\n\n<object><name>cat</name></object></annotation>", ":3: <object> without <bndbox>")]
    [InlineData("<annotation>\n<object><bndbox/></object></annotation>", ":2: <object> without <name>")]
    [InlineData("<html/>", ":1: a VOC file begins with <annotation>, this one with <html>")]
    [InlineData("", ": no valid XML, ")]
    public void BrokenXml_NamesFileAndLine(string content, string expected)
    {
        _folder.Image("a.png");
        string xml = _folder.Text("a.xml", content);
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root, ["cat"]);
        var e = Assert.Throws<RcnnException>(() => data[0]);
        Assert.StartsWith(xml + ":", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Single(DataAudit.Run(data).Errors);
    }

    [Fact]
    public void SizeTagOfZero_IsTakenFromTheImage_WithAWarning()
    {
        _folder.Image("a.png", 30, 10);
        _folder.Voc("a.xml", 0, 0, ("cat", "1 1 30 10", ""));
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root);
        Assert.Equal((30, 10), (data[0].Width, data[0].Height));
        Assert.Contains("30×10 taken from the image", Assert.Single(DataAudit.Run(data).Warnings).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SizeTagOtherThanThePixels_FailsTheDecoding_AndNamesBoth()
    {
        string image = _folder.Image("a.png", 12, 20);
        string xml = _folder.Voc("a.xml", 20, 12, ("cat", "1 1 5 5", ""));
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root);
        var e = Assert.Throws<RcnnException>(() => data.Decode(0));
        Assert.Equal($"{image}: the image is 12×20, {xml} says 20×12 (annotated after an EXIF rotation?)", e.Message);
    }

    [Fact]
    public void ImageWithoutObjects_IsNormal()
    {
        _folder.Image("a.png");
        _folder.Voc("a.xml", 20, 12);
        _folder.Image("b.png");
        _folder.Voc("b.xml", 20, 12, ("cat", "1 1 5 5", ""));
        IDetectionDataset data = DatasetFactory.Open("voc:" + _folder.Root);
        Assert.Empty(data[0].Objects);
        AuditReport report = DataAudit.Run(data);
        Assert.Equal((1, 0, 0), (report.EmptyImages, report.Errors.Count, report.Warnings.Count));
    }

    [Fact]
    public void MissingFolderOrSplit_IsAWrongCall()
    {
        Assert.Equal("/no/such: no such folder", Assert.Throws<RcnnException>(() => DatasetFactory.Open("voc:/no/such")).Message);
        _folder.Voc("Annotations/a.xml", 20, 12);
        _folder.Text("ImageSets/Main/train.txt", "a\nmissing\n");
        string list = _folder.PathOf("ImageSets/Main/train.txt");
        var e = Assert.Throws<RcnnException>(() => DatasetFactory.Open($"voc:{_folder.Root}:train"));
        Assert.StartsWith($"{list}:2: no annotation ", e.Message, StringComparison.Ordinal);
        Assert.Contains("there are: train", Assert.Throws<RcnnException>(() => DatasetFactory.Open($"voc:{_folder.Root}:val")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_FollowsAnnotationsAndPixels_NotThePlace()
    {
        string Print(int xmax, int width)
        {
            using var folder = new DataFolder();
            folder.Image("a.png", width);
            folder.Voc("a.xml", width, 12, ("cat", $"1 1 {xmax} 5", ""));
            return DatasetFactory.Open("voc:" + folder.Root).Fingerprint();
        }

        string print = Print(5, 20);
        Assert.Matches("^[0-9a-f]{64}$", print);
        Assert.Equal(print, Print(5, 20));
        Assert.NotEqual(print, Print(6, 20));
        Assert.NotEqual(print, Print(5, 21));
    }
}
