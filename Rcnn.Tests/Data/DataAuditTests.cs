using Rcnn.Core;
using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

public sealed class DataAuditTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EverythingWrong_IsListedWithFileAndLine()
    {
        string whole = _folder.Image("cut.jpg", 64, 48);
        File.WriteAllBytes(whole, File.ReadAllBytes(whole)[..300]);
        _folder.Voc("cut.xml", 64, 48);
        string missing = _folder.Voc("gone.xml", 20, 12, ("cat", "1 1 5 5", ""));
        _folder.Image("outside.png");
        string outside = _folder.Voc("outside.xml", 20, 12, ("cat", "1 1 5 5", ""), ("cat", "5 5 40 9", ""), ("cow", "1 1 5 5", ""));
        _folder.Image("flat.png");
        string flat = _folder.Voc("flat.xml", 20, 12, ("cat", "4 4 4 9", ""), ("cat", "9 4 5 9", ""), ("cat", "0 1 5 13", ""));
        _folder.Image("other.png", 21);
        string other = _folder.Voc("other.xml", 20, 12);
        _folder.Image("alone.png");
        AuditReport report = DataAudit.Run(DatasetFactory.Open("voc:" + _folder.Root, ["cat", "dog"]));
        Assert.Equal(
            [
                $"{whole}: truncated JPEG, the end-of-image marker is missing (300 bytes)",
                $"{missing}: no such image {_folder.PathOf("whatever.jpg")}",
                $"{_folder.PathOf("other.png")}: the image is 21×12, {other} says 20×12",
                $"{outside}:17: box (5,5,40,9) leaves the image of 20×12 by 20 pixels",
                $"{outside}:25: class 'cow' is none of cat, dog",
            ],
            report.Errors.Select(e => e.ToString()));
        Assert.Equal(
            [
                $"{_folder.PathOf("alone.png")}: no XML beside the image; left out",
                $"{flat}:9: box (4,4,4,9) has no area; dropped",
                $"{flat}:17: box (9,4,5,9) has no area; dropped",
                $"{flat}:25: box (0,1,5,13) leaves the image of 20×12 by 1 pixels; clipped",
            ],
            report.Warnings.Select(e => e.ToString()));
        string[] lines = [.. report.Lines(2)];
        Assert.EndsWith("5 images, 2 objects (2 without objects), 5 errors, 4 warnings", lines[0], StringComparison.Ordinal);
        Assert.Equal("  cat 2, dog 0", lines[1]);
        Assert.Equal("  … and 3 more errors", lines[4]);
        Assert.Equal(lines.Length + 5 - 2, report.ToString().Split('\n').Length);
    }

    [Fact]
    public void CleanData_HasNothingToSay()
    {
        AuditReport report = DataAudit.Run(DatasetFactory.Open("synthetic:easy:train:20"));
        Assert.Empty(report.Errors);
        Assert.Empty(report.Warnings);
        Assert.Equal(20, report.Images);
        Assert.Equal(report.Objects, report.ClassCounts.Sum(c => c.Objects));
        report.ThrowIfErrors();
    }

    [Theory]
    [InlineData("voc")]
    [InlineData("nope:x")]
    [InlineData("coco:only.json")]
    [InlineData("synthetic:medium")]
    [InlineData("synthetic:train:0")]
    [InlineData("")]
    public void UnknownForm_IsAWrongCallThatQuotesIt(string spec)
    {
        var e = Assert.Throws<RcnnException>(() => DatasetFactory.Open(spec));
        Assert.Equal(2, e.ExitCode);
        Assert.Contains($"'{spec}'", e.Message, StringComparison.Ordinal);
    }
}
