using Rcnn.Core;
using Rcnn.Core.Evaluation;
using Rcnn.Ops;

namespace Rcnn.Tests.Evaluation;

public sealed class DetectionFileTests : IDisposable
{
    private const string Good = """{"image_id":1,"category_id":2,"bbox":[1,2,3,4],"score":0.5}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-detections-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void WriteThenRead_KeepsEveryBit()
    {
        DetectionRow[] rows = [new(7, 3, 0.1, 1 / 3.0, 12.5, 1e-7, 0.30000000000000004), new(-1, 0, 1e10, -5, 0, 0, -2)];
        string file = Path.Combine(_folder, "d.json");
        DetectionFile.Write(file, rows);
        Assert.Equal(rows, DetectionFile.Read(file));
        DetectionFile.Write(file, []);
        Assert.Empty(DetectionFile.Read(file));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Masks_AreWrittenAndReadBack_AndSkippedWhereNobodyAsks()
    {
        // The backslash is a character of compressed counts and needs an escape in JSON.
        Rle mask = Rle.FromCounts(50, 60, [44, 6, 50, 2900]), other = Rle.FromBox(10, 10, 7, 9, 50, 60);
        Assert.Contains('\\', mask.ToString());
        DetectionRow[] rows = [new(7, 3, 1, 2, 3, 4, 0.5, mask), new(7, 3, 1, 2, 3, 4, 0.25, other)];
        string file = Path.Combine(_folder, "d.json");
        DetectionFile.Write(file, rows);
        Assert.Equal(rows, DetectionFile.Read(file, DetectionMasks.Require));
        Assert.Equal(rows, DetectionFile.Read(file, DetectionMasks.Keep));
        Assert.Equal(rows.Select(r => r with { Mask = null }), DetectionFile.Read(file));
    }

    [Fact]
    public void RowWithoutBox_HasTheBoxOfItsMask()
    {
        string file = Save("""[{"image_id":1,"category_id":2,"score":0.5,"segmentation":{"size":[4,5],"counts":[5,2,13]}}]""");
        Rle mask = Rle.FromCounts(4, 5, [5, 2, 13]);
        Assert.Equal([new DetectionRow(1, 2, 1, 1, 1, 2, 0.5)], DetectionFile.Read(file));
        Assert.Equal([new DetectionRow(1, 2, 1, 1, 1, 2, 0.5, mask)], DetectionFile.Read(file, DetectionMasks.Require));
    }

    [Theory]
    [InlineData("7", "an object with size [height, width] and counts expected")]
    [InlineData("""{"counts":"132"}""", "an object with size [height, width] and counts expected")]
    [InlineData("""{"size":[2,3]}""", "an object with size [height, width] and counts expected")]
    [InlineData("""{"size":[2,-3],"counts":"132"}""", "an object with size [height, width] and counts expected")]
    [InlineData("""{"size":[2,3],"counts":"122"}""", "counts add up to 5 pixels, 2×3 has 6")]
    [InlineData("""{"size":[2,3],"counts":"13P"}""", "the code ends inside a number")]
    [InlineData("""{"size":[2,3],"counts":"1é"}""", "character 1 has the code 195, 48 to 111 expected")]
    [InlineData("""{"size":[2,3],"counts":[1,-3,8]}""", "counts[1]: 0 to 6 expected, got -3")]
    [InlineData("""{"size":[2,3],"counts":[1,"3"]}""", "whole numbers expected")]
    public void Read_BadMask_NamesFileElementFieldAndValue(string segmentation, string expected)
    {
        string file = Save($$"""[{"image_id":1,"category_id":2,"bbox":[1,2,3,4],"score":0.5,"segmentation":{{segmentation}}}]""");
        string message = Assert.Throws<RcnnException>(() => DetectionFile.Read(file, DetectionMasks.Require)).Message;
        Assert.StartsWith($"{file}: [0].segmentation", message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain("Parameter", message);
    }

    [Fact]
    public void Read_WithoutTheMaskThatIsNeeded_Fails()
    {
        string message = Assert.Throws<RcnnException>(() => DetectionFile.Read(Save($"[{Good}]"), DetectionMasks.Require)).Message;
        Assert.EndsWith("[0].segmentation is missing", message);
    }

    [Fact]
    public void Read_FieldsInAnyOrderWithExtraOnes_Works() => Assert.Equal(
        [new DetectionRow(1, 2, 1, 2, 3, 4, 0.5), new DetectionRow(3, 2, 1, 2, 3, 4, 1)],
        DetectionFile.Read(Save($$$"""
            [ {{{Good}}}, {"score": 1, "segmentation": {"size":[1,2],"counts":"x"}, "id": 5, "bbox": [1.0,2,3,4], "category_id": 2.0, "image_id": 3} ]
            """)));

    [Theory]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3,4],"score":NaN}""", "[1].score", "'NaN'")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3,4],"score":Infinity}""", "[1].score", "'Infinity'")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3,4],"score":1e999}""", "[1].score", "finite")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3,4],"score":"0.5"}""", "[1].score", "\"0.5\"")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3,4]}""", "[1].score", "missing")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,-3,4],"score":1}""", "[1].bbox", "-3")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3],"score":1}""", "[1].bbox", "four")]
    [InlineData("""{"image_id":1,"category_id":2,"bbox":[1,2,3,4,5],"score":1}""", "[1].bbox", "four")]
    [InlineData("""{"image_id":1.5,"category_id":2,"bbox":[1,2,3,4],"score":1}""", "[1].image_id", "1.5")]
    [InlineData("""{"image_id":"1","category_id":2,"bbox":[1,2,3,4],"score":1}""", "[1].image_id", "whole number")]
    [InlineData("""{"image_id":1,"category_id":99999999999,"bbox":[1,2,3,4],"score":1}""", "[1].category_id", "99999999999")]
    [InlineData("7", "[1]", "object")]
    public void Read_BadRow_NamesFileElementFieldAndValue(string row, string place, string value)
    {
        string file = Save($"[{Good},{row}]");
        string message = Assert.Throws<RcnnException>(() => DetectionFile.Read(file)).Message;
        Assert.Contains(file, message);
        Assert.Contains(place, message);
        Assert.Contains(value, message);
        Assert.DoesNotContain("\n", message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("[{\"image_id\":1")]
    [InlineData("[] x")]
    [InlineData("nonsense")]
    [InlineData("\"text\"")]
    public void Read_NoList_IsOneClearError(string content)
    {
        string file = Save(content);
        Assert.StartsWith(file, Assert.Throws<RcnnException>(() => DetectionFile.Read(file)).Message);
    }

    [Fact]
    public void Read_EveryTruncation_IsAnError()
    {
        string whole = $"[{Good},{Good}]";
        for (int length = 0; length < whole.Length; length++)
        {
            string file = Save(whole[..length]);
            Assert.Throws<RcnnException>(() => DetectionFile.Read(file));
        }
    }

    [Fact]
    public void Read_AgainstATruth_RefusesUnknownImages()
    {
        CocoGroundTruth truth = new([new(2, "b.jpg", 10, 10)], [new(2, "cat")], []);
        string message = Assert.Throws<RcnnException>(() => DetectionFile.Read(Save($"[{Good}]"), truth)).Message;
        Assert.Contains("[0].image_id: 1", message);
    }

    [Fact]
    public void Read_ObjectWithItsOwnIds_MatchesByName()
    {
        CocoGroundTruth truth = new([new(11, "b.jpg", 10, 10), new(12, "dir/a.jpg", 10, 10)], [new(5, "dog"), new(6, "cat")], []);
        string file = Save("""
            {"images":[{"id":0,"file_name":"a.jpg"},{"id":1,"file_name":"b"}],"categories":[{"id":0,"name":"cat"}],
             "annotations":[{"image_id":0,"category_id":0,"bbox":[1,2,3,4],"score":0.5},{"image_id":1,"category_id":0,"bbox":[1,2,3,4],"score":0.25}]}
            """);
        Assert.Equal([new DetectionRow(12, 6, 1, 2, 3, 4, 0.5), new DetectionRow(11, 6, 1, 2, 3, 4, 0.25)], DetectionFile.Read(file, truth));
        Assert.Contains("ground truth", Assert.Throws<RcnnException>(() => DetectionFile.Read(file)).Message);
        CocoGroundTruth other = new([new(11, "b.jpg", 10, 10)], [new(6, "cat")], []);
        Assert.Contains("annotations[0].image_id", Assert.Throws<RcnnException>(() => DetectionFile.Read(file, other)).Message);
        CocoGroundTruth without = new([new(11, "b.jpg", 10, 10)], [new(6, "horse")], []);
        Assert.Contains("\"cat\"", Assert.Throws<RcnnException>(() => DetectionFile.Read(file, without)).Message);
        CocoGroundTruth twice = new([new(11, "x/a.jpg", 10, 10), new(12, "y/a.jpg", 10, 10)], [new(6, "cat")], []);
        Assert.Contains("several", Assert.Throws<RcnnException>(() => DetectionFile.Read(file, twice)).Message);
    }

    [Theory]
    [InlineData("""{"images":[],"categories":[]}""", "annotations")]
    [InlineData("""{"images":[{"file_name":"a"}],"categories":[],"annotations":[]}""", "images[0].id")]
    [InlineData("""{"images":[{"id":1},{"id":1}],"categories":[],"annotations":[]}""", "images[1].id")]
    [InlineData("""{"images":[{"id":1}],"categories":[{"id":3}],"annotations":[{"id":1,"image_id":2,"category_id":3,"bbox":[0,0,1,1]}]}""", "annotations[0].image_id")]
    [InlineData("""{"images":[{"id":1}],"categories":[{"id":3}],"annotations":[{"id":1,"image_id":1,"category_id":4,"bbox":[0,0,1,1]}]}""", "annotations[0].category_id")]
    [InlineData("""{"images":[{"id":1}],"categories":[{"id":3}],"annotations":[{"id":1,"image_id":1,"category_id":3,"bbox":[0,0,1,-1]}]}""", "annotations[0].bbox")]
    [InlineData("""{"images":[{"id":1}],"categories":[{"id":3}],"annotations":[{"id":1,"image_id":1,"category_id":3,"bbox":[0,0,1,1],"area":-1}]}""", "annotations[0].area")]
    [InlineData("""{"images":[{"id":1}],"categories":[{"id":3}],"annotations":[{"id":1,"image_id":1,"category_id":3,"bbox":[0,0,1,1],"area":NaN}]}""", "'NaN'")]
    [InlineData("[]", "object")]
    [InlineData("{", "JSON")]
    public void GroundTruth_Malformed_NamesTheField(string content, string place)
    {
        string file = Save(content);
        string message = Assert.Throws<RcnnException>(() => CocoGroundTruth.Read(file)).Message;
        Assert.StartsWith(file, message);
        Assert.Contains(place, message);
    }

    private string Save(string content)
    {
        string file = Path.Combine(_folder, "file.json");
        File.WriteAllText(file, content);
        return file;
    }
}
