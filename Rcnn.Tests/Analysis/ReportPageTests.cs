using System.Text.RegularExpressions;
using System.Xml.Linq;
using Rcnn.Core.Analysis;
using Rcnn.Core.Data;
using Rcnn.Core.Evaluation;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Analysis;

public sealed class ReportPageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Page_EscapesTextAndNumbersSections()
    {
        XElement page = Parse(new HtmlPage("a < b").Section("Results & more").Paragraph("x > y").Table(["k", "v"], [["<name>", "0.5"]]).ToString());

        Assert.Equal("a < b", page.Descendants("h1").Single().Value);
        Assert.Equal("#s1", page.Descendants("a").Single().Attribute("href")?.Value);
        Assert.Equal("Results & more", page.Descendants("h2").Single().Value);
        Assert.Equal("<name>", page.Descendants("td").First().Value);
        Assert.Equal("number", page.Descendants("td").Last().Attribute("class")?.Value);
    }

    [Fact]
    public void RunReport_IsOneFileWithEverythingInside()
    {
        IDetectionDataset data = DatasetFactory.Open("synthetic:easy:val:6");
        RunFolder run = Run(data);
        CocoGroundTruth truth = CocoGroundTruth.FromDataset(data, masks: true);
        DetectionFile.Write(run.DetectionsFile, truth.Objects.Select(o => new DetectionRow(o.ImageId, o.CategoryId, o.X, o.Y, o.Width, o.Height, 0.9, o.Mask)));

        string path = RunReport.Write(run, data, samples: 3);

        string text = File.ReadAllText(path);
        XElement page = Parse(text);
        string[] headings = [.. page.Descendants("h2").Select(h => h.Value)];
        Assert.Equal(["Results", "Training", "Sample detections", "Configuration and environment"], headings);
        Assert.Contains("1.000", page.Descendants("b").Select(b => b.Value)); // The detections are the ground truth.
        Assert.Equal(3, page.Descendants().Count(e => e.Name.LocalName == "image"));
        Assert.Equal(6, page.Descendants().Count(e => e.Name.LocalName == "use"));

        // Masks of ground truth and detections: on each shown image the same ones twice.
        string[] masks = [.. page.Descendants().Where(e => e.Name.LocalName == "path" && e.Attribute("fill-opacity") is not null).Select(e => e.Attribute("d")!.Value)];
        int[] shown = [.. new SampleDetections(data, 3).Indices];
        Assert.Equal(2 * shown.Sum(i => data[i].Objects.Count), masks.Length);
        Assert.All(masks.GroupBy(d => d), g => Assert.Equal(0, g.Count() % 2));
        double Area(string path) => Regex.Matches(path, @"M(\d+) (\d+)H(\d+)V(\d+)H\d+z").Sum(m =>
            (int.Parse(m.Groups[3].Value) - int.Parse(m.Groups[1].Value)) * (double)(int.Parse(m.Groups[4].Value) - int.Parse(m.Groups[2].Value)));
        Assert.Equal(shown.SelectMany(i => data[i].Objects).Select(o => o.Area).Order(), masks.Select(Area).Order().Where((_, i) => i % 2 == 0));
        Assert.DoesNotContain("src=\"http", text);
        Assert.DoesNotContain("NaN", text.Replace("\"NaN\"", ""));
        Assert.All(
            page.Descendants().SelectMany(e => e.Attributes()).Where(a => a.Name.LocalName is "href" or "src"),
            a => Assert.Matches("^(#|data:image/jpeg;base64,)", a.Value));
    }

    [Fact]
    public void RunReport_OfBoxesAlone_ShowsNoMasks()
    {
        IDetectionDataset data = DatasetFactory.Open("synthetic:easy:val:4");
        RunFolder run = Run(data);
        CocoGroundTruth truth = CocoGroundTruth.FromDataset(data, masks: false);
        DetectionFile.Write(run.DetectionsFile, truth.Objects.Select(o => new DetectionRow(o.ImageId, o.CategoryId, o.X, o.Y, o.Width, o.Height, 0.9)));
        XElement page = Parse(File.ReadAllText(RunReport.Write(run, data, samples: 2)));
        Assert.DoesNotContain(page.Descendants(), e => e.Name.LocalName == "path" && e.Attribute("fill-opacity") is not null);
    }

    [Fact]
    public void RunReport_WithoutDetections_SaysWhatToDo()
    {
        IDetectionDataset data = DatasetFactory.Open("synthetic:easy:val:2");
        Assert.Contains("evaluate the run first", Assert.Throws<Rcnn.Core.RcnnException>(() => RunReport.Write(Run(data), data)).Message);
    }

    [Fact]
    public void Samples_AreSpreadOverTheDataset_AndHideLowScores()
    {
        IDetectionDataset data = DatasetFactory.Open("synthetic:easy:val:10");
        var samples = new SampleDetections(data, 5);

        Assert.Equal([1, 3, 5, 7, 9], samples.Indices);
        long id = data[1].Id;
        var shown = samples.Shown(1, [new(id, 2, 1, 2, 3, 4, 0.49), new(id, 3, 1, 2, 3, 4, 0.5), new(id + 1, 3, 1, 2, 3, 4, 0.9)]);
        BoxLabel box = Assert.Single(shown);
        Assert.Equal(3, box.Label);
        Assert.Equal(new Box(1, 2, 4, 6), box.Box);
        Assert.Equal([0, 1, 2], new SampleDetections(DatasetFactory.Open("synthetic:easy:val:3"), 12).Indices);
    }

    [Fact]
    public void AblationReport_ShowsEverySettingOnTheSameImages()
    {
        IDetectionDataset data = DatasetFactory.Open("synthetic:easy:val:4");
        string path = Path.Combine(_folder, "ablation.html");

        new AblationReport
        {
            Title = "T", Purpose = "P", Command = "C", TableHtml = "<table><tr><td>1</td></tr></table>", Dataset = data,
            Charts = [RunCharts.Settings(["a", "b"], [0.5, 0.6], [0.1, double.NaN], ["0.5", "0.6"], "AP50")],
            Samples = [("a", []), ("b", [new(data[0].Id, 1, 1, 2, 30, 40, 0.9)])],
        }.Write(path, samples: 2);

        XElement page = Parse(File.ReadAllText(path));
        Assert.Equal(2, page.Descendants().Count(e => e.Name.LocalName == "image"));
        Assert.Equal(2 * 3, page.Descendants().Count(e => e.Name.LocalName == "use"));
        Assert.Equal(2, page.Descendants("figcaption").Count(c => c.Value == "a"));
    }

    [Fact]
    public void RunningMean_LeavesOutWhatIsNotThere()
    {
        Assert.Equal([1.5, 2, 3, 3.5], RunCharts.RunningMean([1, 2, 3, 4], 3), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(2, RunCharts.RunningMean([1, double.NaN, 3], 3)[1]);
    }

    private RunFolder Run(IDetectionDataset data)
    {
        RunFolder run = RunFolder.Create(Path.Combine(_folder, "run"), TrainingRun.Resolve(SyntheticPreset.Create() with { Stop = new() { Steps = 2 } }, data, null));
        File.WriteAllText(run.MetricsFile, string.Concat(Enumerable.Range(1, 40).Select(i =>
            $"{{\"kind\":\"step\",\"step\":{i},\"loss\":{40 - i},\"loss_classifier\":{20 - i / 2}}}\n")));
        return run;
    }

    private static XElement Parse(string html) => XElement.Parse(html[html.IndexOf("<html", StringComparison.Ordinal)..]);
}
