using System.Text.Json;

namespace Rcnn.Tests.Evaluation;

public sealed class ScoreCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-score-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [SkippableTheory]
    [InlineData("bbox")]
    [InlineData("segm")]
    public void Coco_OfThePublishedExample_WritesThePublishedNumbers(string kind)
    {
        string folder = SharedData.Data("coco-metrics/val2014_100"), json = Path.Combine(_folder, "out.json");
        Assert.Equal(0, Rcnn.Cli.Program.Main(["score", "--metric", "coco-" + kind, "--gt", Path.Combine(folder, "instances_val2014_100.json"),
            "--dt", Path.Combine(folder, $"instances_val2014_fake{kind}100_results.json"), "--json", json]));
        double[] expected = [.. Json(SharedData.Data("coco-metrics/expected_stats.json")).GetProperty(kind).EnumerateArray().Select(v => v.GetDouble())];
        double[] got = [.. Json(json).GetProperty("stats").EnumerateObject().Select(v => v.Value.GetDouble())];
        Assert.All(expected.Zip(got), p => Assert.Equal(p.First, p.Second, 12));
    }

    [Fact]
    public void Voc_FolderAgainstEveryFormOfDetections_GivesTheSameNumber()
    {
        string truth = Directory.CreateDirectory(Path.Combine(_folder, "truth")).FullName, results = Directory.CreateDirectory(Path.Combine(_folder, "results")).FullName;
        File.WriteAllText(Path.Combine(truth, "a.xml"), Xml(Object("dog", 1, 1, 10, 10) + Object("cat", 21, 21, 40, 40)));
        File.WriteAllText(Path.Combine(truth, "b.xml"), Xml(Object("cat", 1, 1, 20, 20)));

        // cat: one of two found first, then a false positive; dog: found.
        File.WriteAllText(Path.Combine(results, "comp4_det_test_cat.txt"), "b 0.9 1 1 20 20\nb 0.8 50 50 60 60\n");
        File.WriteAllText(Path.Combine(results, "comp4_det_test_dog.txt"), "a 0.7 1 1 10 10\n");
        string list = Path.Combine(_folder, "list.json"), own = Path.Combine(_folder, "own.json");
        File.WriteAllText(list, """
            [{"image_id":2,"category_id":1,"bbox":[0,0,20,20],"score":0.9},{"image_id":2,"category_id":1,"bbox":[49,49,11,11],"score":0.8},
             {"image_id":1,"category_id":2,"bbox":[0,0,10,10],"score":0.7}]
            """);
        File.WriteAllText(own, """
            {"images":[{"id":70,"file_name":"b.jpg"},{"id":71,"file_name":"a.jpg"}],"categories":[{"id":0,"name":"dog"},{"id":5,"name":"cat"}],
             "annotations":[{"image_id":70,"category_id":5,"bbox":[0,0,20,20],"score":0.9},{"image_id":70,"category_id":5,"bbox":[49,49,11,11],"score":0.8},
             {"image_id":71,"category_id":0,"bbox":[0,0,10,10],"score":0.7}]}
            """);
        foreach (string detections in new[] { results, list, own })
        {
            string json = Path.Combine(_folder, "out.json");
            Assert.Equal(0, Rcnn.Cli.Program.Main(["score", "--metric", "voc", "--gt", truth, "--dt", detections, "--json", json]));
            Assert.Equal(0.75, Json(json).GetProperty("mAP").GetDouble(), 12);
            Assert.Equal(0, Rcnn.Cli.Program.Main(["score", "--metric", "voc07", "--gt", truth, "--dt", detections, "--json", json]));
            Assert.Equal((1 + (6 / 11.0)) / 2, Json(json).GetProperty("mAP").GetDouble(), 12);
        }
    }

    [Fact]
    public void Score_WrongCalls_EndWithTheirExitCodes()
    {
        Assert.Equal(2, Rcnn.Cli.Program.Main(["score", "--metric", "coco-bbox"]));
        Assert.Equal(2, Rcnn.Cli.Program.Main(["score", "--metric", "levitation", "--gt", "a", "--dt", "b"]));
        Assert.Equal(1, Rcnn.Cli.Program.Main(["score", "--metric", "coco-segm", "--gt", Path.Combine(_folder, "none.json"), "--dt", "b"]));
        Assert.Equal(1, Rcnn.Cli.Program.Main(["score", "--metric", "coco-bbox", "--gt", Path.Combine(_folder, "none.json"), "--dt", "b"]));
    }

    private static string Xml(string objects) =>
        $"<annotation><filename>x.jpg</filename><size><width>100</width><height>100</height><depth>3</depth></size>{objects}</annotation>";

    private static string Object(string name, int x1, int y1, int x2, int y2) =>
        $"<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>";

    private static JsonElement Json(string file) => JsonDocument.Parse(File.ReadAllText(file)).RootElement;
}
