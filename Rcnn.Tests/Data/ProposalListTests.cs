using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Data;

public sealed class ProposalListTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_ByIdOrName_BestFirst_ClippedAndScaled()
    {
        ProposalList list = ProposalListReader.Read(_folder.Text("p.json", """
            [{"image_id":7,"category_id":3,"bbox":[10,20,30,40],"score":0.2},{"image_id":7,"bbox":[-5,50,25,100],"score":0.9},
             {"image_id":"b.jpg","bbox":[0,0,1,1],"score":0.5}]
            """));
        Assert.Equal(2, list.Count);

        // 200×100, shrunk to 100×50; the second box is clipped to (0,50,20,100) first.
        Assert.Equal([new Box(0, 25, 10, 50), new Box(5, 10, 20, 30)], list.Of(new ProposalImage("a.jpg", 7, 200, 100), new ImageSize(50, 100)));
        Assert.Equal([new Box(0, 0, 1, 1)], list.Of(new ProposalImage("photos/b.jpg", 8, 20, 10), new ImageSize(10, 20)));
        Assert.Contains("p.json: no proposals of c.jpg (image 9)", Assert.Throws<RcnnException>(() => list.Of(new ProposalImage("c.jpg", 9, 20, 10), new ImageSize(10, 20))).Message);
    }

    [Fact]
    public void Csv_WithoutScores_KeepsItsOrder()
    {
        ProposalList list = ProposalListReader.Read(_folder.Text("p.csv", "file,x1,y1,x2,y2\nb,1,2,3,4\n# a remark\nb,0,0,2,2\n\nc.png, 1.5,0,2,1\n"));
        Assert.Equal([new Box(1, 2, 3, 4), new Box(0, 0, 2, 2)], list.Of(new ProposalImage("x/b.jpg", 1, 10, 10), new ImageSize(10, 10)));
        Assert.Equal([new Box(1.5, 0, 2, 1)], list.Of(new ProposalImage("c.png", null, 10, 10), new ImageSize(10, 10)));
    }

    [Theory]
    [InlineData("p.csv", "a,1,2,1,4", "p.csv: line 1: a box with area expected, x1 < x2 and y1 < y2, got 1,2,1,4")]
    [InlineData("p.csv", "a,1,2,3,4\na,1,two,3,4", "p.csv: line 2: y1: a finite number expected, got 'two'")]
    [InlineData("p.csv", "a,1,2,3", "p.csv: line 1: file,x1,y1,x2,y2")]
    [InlineData("p.csv", "a,1,2,3,4,0.5\na,1,2,3,4", "p.csv: line 2: a score expected for all proposals or for none, got none")]
    [InlineData("p.csv", "", "p.csv: no proposals in it")]
    [InlineData("p.json", "[{\"image_id\":1,\"bbox\":[1,2,0,4]}]", "p.json: [0].bbox: a box with area expected, got [1,2,0,4]")]
    [InlineData("p.json", "[{\"image_id\":1,\"bbox\":[1,2,3]}]", "p.json: [0].bbox: four finite numbers")]
    [InlineData("p.json", "[{\"bbox\":[1,2,3,4]}]", "p.json: [0].image_id is missing")]
    [InlineData("p.json", "[5]", "p.json: [0]: an object expected, got a JSON number")]
    [InlineData("p.json", "{}", "p.json: a list of proposals expected, got '{'")]
    [InlineData("p.json", "[{\"image_id\":1,\n\"bbox\":[NaN,2,3,4]}]", "p.json: line 2: [0]: no valid JSON")]
    public void WhatIsWrong_IsNamed(string name, string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<RcnnException>(() => ProposalListReader.Read(_folder.Text(name, text))).Message);

    [Fact]
    public void ABoxOutsideItsImage_IsNamed()
    {
        ProposalList list = ProposalListReader.Read(_folder.Text("p.csv", "a.jpg,0,0,5,5\na.jpg,20,0,25,5"));
        Assert.Contains("p.csv: line 2: a box on a.jpg, 20×10, expected, got (20, 0, 25, 5)",
            Assert.Throws<RcnnException>(() => list.Of(new ProposalImage("a.jpg", null, 20, 10), new ImageSize(10, 20))).Message);
    }

    [Fact]
    public void AListWithAMethod_IsRefused_AndACacheIsStillOne()
    {
        string list = _folder.Text("p.json", "[{\"image_id\":1,\"bbox\":[1,2,3,4]}]"), cache = _folder.PathOf("own.json");
        Assert.Contains("data.proposals.method=sliding-windows: null expected",
            Assert.Throws<RcnnException>(() => ProposalSources.Open(new ProposalConfig { Method = "sliding-windows", File = list }, null)).Message);
        ProposalCache.Open(cache, "m").Dispose();
        Assert.False(ProposalListReader.Recognises(cache));
        using ProposalSource? source = ProposalSources.Open(new ProposalConfig { File = cache }, null);
        Assert.NotNull(source);
    }

    /// <summary>Training, evaluation and detection on a list; the images are shrunk.</summary>
    [Fact]
    public void ARunOnAList_DetectsInTheImagesOfTheList_AndNamesTheOthers()
    {
        string[] images = [.. new[] { "a", "b" }.Select(n => _folder.Image($"{n}.png", 301, 203))];
        foreach (string name in new[] { "a", "b" })
        {
            _folder.Voc($"{name}.xml", 301, 203, ("cat", "20 30 180 190", "<difficult>0</difficult>"));
        }

        string list = _folder.Text("p.csv", "a,10,20,190,200\nb,10,20,190,200\na,0,0,301,203\n"), json = _folder.PathOf("found.json");
        IDetectionDataset data = DatasetFactory.Open($"voc:{_folder.Root}");
        TrainConfig config = ConfigOverrides.Apply(TrainPresets.For("fast-rcnn", "mobilenet_v2", 1),
        [
            "model.backbone.widthMultiplier=0.25", "model.input.minSize=96", "model.input.maxSize=128", "data.maxSide=100", "model.roi.headWidth=64", "data.batchSize=2",
            "stop.steps=1", "threads=1", "data.proposals.method=null", $"data.proposals.file={list}",
        ]);
        RunFolder run = RunFolder.Open(TrainingRun.Execute(config, data, null, _folder.PathOf("run")).Folder);
        EvaluationSummary summary = EvaluationRun.Execute(run, data);
        Assert.NotEmpty(summary.Detections);

        Assert.Equal(0, Rcnn.Cli.Program.Main(["detect", "--run", run.Directory, "--json", json, .. images]));
        using JsonDocument found = JsonDocument.Parse(File.ReadAllText(json));
        Assert.Equal(
            summary.Detections.Select(d => d.Score).Order(),
            found.RootElement.EnumerateArray().SelectMany(e => e.GetProperty("detections").EnumerateArray()).Select(d => d.GetProperty("score").GetDouble()).Order());
        Assert.Equal(1, Rcnn.Cli.Program.Main(["detect", "--run", run.Directory, _folder.Image("other.png", 301, 203)]));
    }
}
