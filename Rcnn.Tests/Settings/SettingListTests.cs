using System.CommandLine;
using Rcnn.Cli;
using Rcnn.Core;
using Rcnn.Core.Settings;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Settings;

public sealed class SettingListTests
{
    /// <summary>Every line that begins with a key is a setting that --set takes and leaves as it was.</summary>
    [Theory]
    [InlineData("faster-rcnn-fpn", null)]
    [InlineData("rcnn", "alexnet")]
    public void ExplainSettings_PrintsWhatSetTakes(string model, string? backbone)
    {
        TrainConfig preset = TrainPresets.For(model, backbone, 90);
        string[] lines = Lines(backbone is null ? ["--model", model] : ["--model", model, "--backbone", backbone]);
        string[] settings = [.. lines.Where(l => !l.StartsWith(' ')).Select(l => l[..l.IndexOf("  [", StringComparison.Ordinal)])];
        Assert.Equal(ConfigOverrides.Paths<TrainConfig>(), settings.Select(s => s.Split('=')[0]));
        Assert.Equal(ConfigJson.Write(preset), ConfigJson.Write(ConfigOverrides.Apply(preset, settings)));
    }

    [Fact]
    public void EverySetting_SaysWhatItDoes_AndWhatItMayBe()
    {
        IReadOnlyList<Setting> settings = SettingList.Of(new TrainConfig());
        Assert.All(settings, s => Assert.True(s.Allowed.Length > 0, s.Key));
        // The constants of R-CNN that are named as in the paper need no words.
        Assert.All(settings.Where(s => !s.Key.StartsWith("model.rcnn.", StringComparison.Ordinal)), s => Assert.True(s.Meaning.Length > 0, s.Key));
        Setting decay = settings.Single(s => s.Key == "optimizer.normWeightDecay");
        Assert.Equal(("null", "a number that is not negative or null"), (decay.Value, decay.Allowed));
        Assert.Equal("Weight decay of the scales and shifts of normalisations; null takes weightDecay.", decay.Meaning);
        Assert.Equal(("false", "true or false"), settings.Where(s => s.Key == "model.roi.aligned").Select(s => (s.Value, s.Allowed)).Single());
    }

    [Fact]
    public void ExplainSettings_OfAWord_PrintsThoseAlone_WithWhatWasSet()
    {
        string[] lines = Lines(["canonical", "--set", "model.roi.canonicalSize=112"]);
        Assert.Contains("model.roi.canonicalSize=112  [a positive number]", lines);
        Assert.All(lines.Where(l => !l.StartsWith(' ')), l => Assert.StartsWith("model.roi.", l, StringComparison.Ordinal));
        Assert.Throws<RcnnException>(() => Lines(["nosuchword"]));
    }

    private static string[] Lines(string[] arguments)
    {
        TextWriter console = Console.Out;
        using var text = new StringWriter();
        Console.SetOut(text);
        try
        {
            Program.Root().Parse(["explain", "settings", .. arguments]).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        finally
        {
            Console.SetOut(console);
        }

        return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
