using System.Text.Json;
using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Tests.Data;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Runs;

public sealed class DetectCommandTests
{
    /// <summary>The images are larger than data.maxSide, so that both have to shrink them, and to scale the boxes back.</summary>
    [Fact]
    public void Detect_OfAPhotoThatIsShrunk_GivesWhatEvaluationGives()
    {
        using var folder = new DataFolder();
        string[] images = [.. new[] { "a", "b" }.Select(n => folder.Image($"{n}.png", 301, 203))];
        foreach (string name in new[] { "a", "b" })
        {
            folder.Voc($"{name}.xml", 301, 203, ("cat", "20 30 180 190", "<difficult>0</difficult>"));
        }

        IDetectionDataset data = DatasetFactory.Open($"voc:{folder.Root}");
        RunFolder run = RunFolder.Open(TrainingRun.Execute(
            TinyDetector.Config(1, "stop.steps=1", "threads=1", "data.maxSide=100"), data, null, folder.PathOf("run")).Folder);
        List<DetectionRow> expected = [.. EvaluationRun.Execute(run, data).Detections];
        Assert.NotEmpty(expected);

        string json = folder.PathOf("found.json");
        Assert.Equal(0, Rcnn.Cli.Program.Main(["detect", "--run", run.Directory, "--json", json, .. images]));
        using JsonDocument found = JsonDocument.Parse(File.ReadAllText(json));
        for (int i = 0; i < data.Count; i++)
        {
            double[][] boxes = [.. found.RootElement.EnumerateArray().Single(e => Path.GetFileName(e.GetProperty("image").GetString()) == Path.GetFileName(data[i].FileName))
                .GetProperty("detections").EnumerateArray()
                .Select(d => new[] { d.GetProperty("score").GetDouble() }.Concat(d.GetProperty("box").EnumerateArray().Select(v => v.GetDouble())).ToArray())];
            double[][] rows = [.. expected.Where(r => r.ImageId == data[i].Id).Select(r => new[] { r.Score, r.X, r.Y, r.X + r.Width, r.Y + r.Height })];
            Assert.Equal(rows.Length, boxes.Length);
            for (int k = 0; k < rows.Length; k++)
            {
                Assert.Equal(rows[k][0], boxes[k][0]);
                Assert.All(rows[k].Zip(boxes[k]), p => Assert.Equal(p.First, p.Second, 1e-9));
            }
        }
    }
}
