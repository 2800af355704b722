using Rcnn.Cli.Golden;
using static TorchSharp.torch;

namespace Rcnn.Tests.Golden;

/// <summary>Every golden group beside the checkout passes; ops that a build does not have yet are skipped one by one, a wrong number never is.</summary>
public sealed class GoldenGroupTests
{
    [SkippableTheory]
    [InlineData("ops")]
    [InlineData("resize")]
    [InlineData("coco")]
    [InlineData("voc")]
    [InlineData("models")]
    [InlineData("rle")]
    [InlineData("selective_search")]
    [InlineData("graph_segmentation")]
    public void EveryCaseOfTheGroup_EqualsItsReference(string group)
    {
        List<GoldenResult> results = [.. GoldenRunner.Find([SharedData.Golden(group)]).Select(f => GoldenRunner.Run(f, CPU))];
        List<GoldenResult> failed = [.. results.Where(r => r.Status == "FAIL")];
        Assert.True(failed.Count == 0, string.Join("\n", failed));
        Skip.If(results.TrueForAll(r => r.Status == "skip"), results[0].Reason);
    }
}
