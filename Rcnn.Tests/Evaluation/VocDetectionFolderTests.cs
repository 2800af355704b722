using System.IO.Compression;
using Rcnn.Core;
using Rcnn.Core.Evaluation;

namespace Rcnn.Tests.Evaluation;

public sealed class VocDetectionFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-voc-").FullName;
    private readonly VocGroundTruth _truth = new(["000012", "000013"], [new VocObject("000012", "dining_table", 1, 1, 5, 5, false)]);

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Read_FilesByClass_GivesCornersAsWritten()
    {
        File.WriteAllText(Path.Combine(_folder, "comp4_det_test_dining_table.txt"), "000012 0.5 1 2 3.5 4\n\n000013 1e-3 1 1 2 2\n");
        Assert.Equal(
            [new VocDetection("000012", "dining_table", 0.5, 1, 2, 3.5, 4), new VocDetection("000013", "dining_table", 0.001, 1, 1, 2, 2)],
            VocDetectionFolder.Read(_folder, _truth));
    }

    [Theory]
    [InlineData("000012 0.5 1 2 3", "six fields")]
    [InlineData("000099 0.5 1 2 3 4", "'000099'")]
    [InlineData("000012 nan 1 2 3 4", "'nan'")]
    [InlineData("000012 0.5 1 2 x 4", "'x'")]
    public void Read_BadLine_NamesFileAndLine(string line, string value)
    {
        string file = Path.Combine(_folder, "comp4_det_test_dining_table.txt");
        File.WriteAllText(file, "000012 0.5 1 2 3 4\n" + line + "\n");
        string message = Assert.Throws<RcnnException>(() => VocDetectionFolder.Read(_folder, _truth)).Message;
        Assert.StartsWith($"{file}:2: ", message);
        Assert.Contains(value, message);
    }

    [Fact]
    public void Read_UnknownClassOrNoFiles_IsAnError()
    {
        Assert.Throws<RcnnException>(() => VocDetectionFolder.Read(_folder, _truth));
        File.WriteAllText(Path.Combine(_folder, "comp4_det_test_zebra.txt"), "");
        Assert.Contains("'zebra'", Assert.Throws<RcnnException>(() => VocDetectionFolder.Read(_folder, _truth)).Message);
    }

    [Fact]
    public void Annotations_FolderAndZip_GiveTheSameObjects()
    {
        string annotations = Directory.CreateDirectory(Path.Combine(_folder, "Annotations")).FullName;
        File.WriteAllText(Path.Combine(annotations, "b.xml"), Xml("<object><name>cat</name><difficult>1</difficult><bndbox><xmin>3</xmin><ymin>4.5</ymin><xmax>7</xmax><ymax>8</ymax></bndbox>"
            + "<part><name>head</name><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></part></object>"));
        File.WriteAllText(Path.Combine(annotations, "a.xml"), Xml(""));
        string zip = Path.Combine(_folder, "a.zip");
        ZipFile.CreateFromDirectory(annotations, zip);
        VocGroundTruth folder = VocAnnotations.ReadFolder(_folder), archive = VocAnnotations.ReadZip(zip);
        Assert.Equal(["a", "b"], folder.Images);
        Assert.Equal([new VocObject("b", "cat", 3, 4.5, 7, 8, true)], folder.Objects);
        Assert.Equal(folder.Images, archive.Images);
        Assert.Equal(folder.Objects, archive.Objects);
    }

    [Fact]
    public void Annotations_WithADtd_AreRefused()
    {
        string file = Path.Combine(_folder, "a.xml");
        File.WriteAllText(file, "<!DOCTYPE annotation [<!ENTITY x \"y\">]>\n<annotation/>");
        string message = Assert.Throws<RcnnException>(() => VocAnnotations.ReadFolder(_folder)).Message;
        Assert.StartsWith(file, message);
        Assert.Contains("DTD", message);
    }

    private static string Xml(string objects) =>
        $"<annotation><filename>x.jpg</filename><size><width>10</width><height>10</height><depth>3</depth></size>{objects}</annotation>";
}
