using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Ops;

namespace Rcnn.Tests.Data;

public sealed class CocoReaderTests : IDisposable
{
    private const string Images = """[{"id":7,"file_name":"b.png","width":20,"height":12},{"id":3,"file_name":"a.png","width":20,"height":12}]""";
    private const string Categories = """[{"id":90,"name":"toothbrush","supercategory":"x"},{"id":2,"name":"bicycle"}]""";

    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void File_GivesBoxesLabelsAndCategoryIds()
    {
        IDetectionDataset data = Open("""
            {"id":1,"image_id":3,"category_id":90,"bbox":[1.5,2,10,4],"area":33.25,"iscrowd":0,"segmentation":[[1,2,3,4,5,6]]},
            {"id":2,"image_id":3,"category_id":2,"bbox":[0,0,20,12],"area":200,"iscrowd":1,"segmentation":{"counts":[230,10],"size":[12,20]}}
            """);
        Assert.Equal(["bicycle", "toothbrush"], data.ClassNames);
        Assert.Equal([2, 90], data.CategoryIds);
        Assert.Equal([7L, 3L], new[] { data[0].Id, data[1].Id });
        Assert.Empty(data[0].Objects);
        Assert.Equal(
            [new ObjectAnnotation(new Box(1.5, 2, 11.5, 6), 2, false, false, 33.25), new ObjectAnnotation(new Box(0, 0, 20, 12), 1, false, Crowd: true, 200)],
            data[1].Objects.Select(o => o with { Segmentation = null }));
        Assert.Equal(new PolygonMask(12, 20, [1, 2, 3, 4, 5, 6]), data[1].Objects[0].Segmentation);
        Assert.Equal(Rle.FromCounts(12, 20, [230, 10]), data[1].Objects[1].Segmentation);
        Assert.Equal(20, data.Decode(1).Width);
    }

    [Theory]
    [InlineData("[[1,2,3,4]]", "parts[0]: x and y of three points or more expected, got 4 values")]
    [InlineData("[[1,2,3,4,5,1e300]]", "parts[0][5]: a number within ±200000000 expected, got 1E+300")]
    [InlineData("[[1,2,3,4,5,\"x\"]]", "a number expected in a polygon, got \"x\"")]
    [InlineData("[1,2,3,4,5,6]", "a polygon [x,y,x,y,…] expected, got 1")]
    [InlineData("\"x\"", "polygons or run lengths expected, got \"x\"")]
    [InlineData("{\"counts\":[1,2],\"size\":[12,20]}", "counts add up to 3 pixels, 12×20 has 240")]
    [InlineData("{\"counts\":[240],\"size\":[20,12]}", "size: [12, 20] of the image expected, got [20, 12]")]
    [InlineData("{\"counts\":[240]}", "size [height, width] expected")]
    [InlineData("{\"size\":[\"12\",20],\"counts\":[240]}", "size [height, width] expected")]
    [InlineData("{\"size\":[12,20]}", "counts is missing")]
    public void WrongSegmentation_IsAWarning_AndTheObjectKeepsItsBox(string segmentation, string expected)
    {
        string json = Write($$"""{"id":5,"image_id":7,"category_id":2,"bbox":[1,2,3,4],"segmentation":{{segmentation}}}""");
        FileDataset data = CocoReader.Open(json, _folder.Root);
        Assert.Null(Assert.Single(data[0].Objects).Segmentation);
        DataIssue issue = Assert.Single(data.IssuesOf(0));
        Assert.False(issue.IsError);
        Assert.Contains($"annotation 5: segmentation: {expected}", issue.ToString());
        Assert.DoesNotContain("Parameter", issue.ToString());
    }

    [Fact]
    public void Masks_ArePartOfTheFingerprint()
    {
        string Fingerprint(string segmentation) =>
            Open($$"""{"id":5,"image_id":7,"category_id":2,"bbox":[1,2,3,4]{{segmentation}}}""").Fingerprint();
        string plain = Fingerprint(""), first = Fingerprint(""","segmentation":[[1,2,3,4,5,6]]"""), second = Fingerprint(""","segmentation":[[1,2,3,4,5,7]]""");
        Assert.Equal(plain, Fingerprint(""","segmentation":[]"""));
        Assert.Equal(3, new[] { plain, first, second }.Distinct().Count());
    }

    [Fact]
    public void GivenClassNames_GiveTheLabels_AndKeepTheFilesIds()
    {
        string json = Write("""{"id":1,"image_id":3,"category_id":90,"bbox":[1,2,10,4]}""");
        FileDataset data = CocoReader.Open(json, _folder.Root, ["toothbrush", "comb", "bicycle"]);
        Assert.Equal([90, 91, 2], data.CategoryIds);
        Assert.Equal(1, data[1].Objects[0].Label);
        Assert.Equal(40, data[1].Objects[0].Area);
    }

    [Fact]
    public void UnknownCategory_NamesFileAnnotationAndValue()
    {
        IDetectionDataset data = Open("""{"id":17,"image_id":3,"category_id":5,"bbox":[1,2,10,4]}""");
        var e = Assert.Throws<RcnnException>(() => data[1]);
        Assert.Equal($"{_folder.PathOf("instances.json")}: annotation 17: category_id 5 is not among the categories", e.Message);
        Assert.Empty(data[0].Objects);
    }

    [Theory]
    [InlineData("[1,2,30,4]", "box [1,2,30,4] leaves the image of 20×12 by 11 pixels")]
    [InlineData("[30,2,5,4]", "leaves the image of 20×12 by 15 pixels")]
    [InlineData("[-3,2,5,4]", "leaves the image of 20×12 by 3 pixels")]
    [InlineData("[1,2,\"NaN\",4]", "is not finite")]
    [InlineData("[1,2,3]", "has 3 numbers, 4 expected")]
    public void WrongBox_IsAnErrorWithTheAnnotation(string box, string expected)
    {
        IDetectionDataset data = Open($$"""{"id":5,"image_id":7,"category_id":2,"bbox":{{box}}}""");
        var e = Assert.Throws<RcnnException>(() => data[0]);
        Assert.Contains("annotation 5: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ZeroArea_IsDropped_AndASmallOverhangClipped_WithWarnings()
    {
        IDetectionDataset data = Open("""
            {"id":1,"image_id":7,"category_id":2,"bbox":[5,5,0,4]},
            {"id":2,"image_id":7,"category_id":2,"bbox":[5,5,4,-1]},
            {"id":3,"image_id":7,"category_id":2,"bbox":[-0.5,5,10,7.5]}
            """);
        Assert.Equal(new Box(0, 5, 9.5, 12), Assert.Single(data[0].Objects).Box);
        AuditReport report = DataAudit.Run(data);
        Assert.Empty(report.Errors);
        Assert.Equal(3, report.Warnings.Count);
        Assert.EndsWith("annotation 1: box [5,5,0,4] has no area; dropped", report.Warnings[0].ToString(), StringComparison.Ordinal);
        Assert.EndsWith("by 0.5 pixels; clipped", report.Warnings[2].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingImage_AndAnnotationOfNoImage_AreInTheAudit()
    {
        string json = Write("""{"id":1,"image_id":99,"category_id":2,"bbox":[1,2,10,4]}""");
        File.Delete(_folder.PathOf("a.png"));
        AuditReport report = DataAudit.Run(CocoReader.Open(json, _folder.Root));
        Assert.Equal(
            [$"{json}: annotation 1: image_id 99 is not among the images", $"{json}: no such image {_folder.PathOf("a.png")}"],
            report.Errors.Select(e => e.ToString()));
        Assert.Contains("(and 1 more errors in ", Assert.Throws<RcnnException>(report.ThrowIfErrors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"images\":[],", ":1: ")]
    [InlineData("{\"images\":[],\"annotations\":[]}", "no COCO file, 'categories' is missing")]
    [InlineData("[]", ":1: ")]
    [InlineData("{\"images\":[],\"annotations\":[{\"id\":1,\"image_id\":2,\"category_id\":3}],\"categories\":[]}", "bbox")]
    [InlineData("{\"images\":[],\"annotations\":[],\"categories\":[]}", "categories is empty")]
    [InlineData("{\"images\":[],\"annotations\":[],\"categories\":[{\"id\":1,\"name\":\"a\"},{\"id\":1,\"name\":\"b\"}]}", "category id 1 occurs twice")]
    public void NoCocoFile_SaysWhatIsWrong(string json, string expected)
    {
        string path = _folder.Text("bad.json", json);
        var e = Assert.Throws<RcnnException>(() => CocoReader.Open(path, _folder.Root));
        Assert.StartsWith(path + ":", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    private IDetectionDataset Open(string annotations) => DatasetFactory.Open($"coco:{Write(annotations)},{_folder.Root}");

    private string Write(string annotations)
    {
        _folder.Image("a.png");
        _folder.Image("b.png");
        return _folder.Text("instances.json", $$"""{"info":{},"images":{{Images}},"annotations":[{{annotations}}],"categories":{{Categories}}}""");
    }
}
