using Rcnn.Core.Runs;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Runs;

public sealed class MetricsLogTests
{
    [Fact]
    public void Open_DropsLinesBeyondTheStepAndATornOne()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("metrics.jsonl");
        File.WriteAllText(file, "{\"kind\":\"step\",\"step\":1}\n{\"kind\":\"step\",\"step\":2,\"loss\":0.5}\n{\"kind\":\"eval\",\"step\":2,\"AP\":0.25}\n{\"kind\":\"step\",\"step\":3}\n{\"kind\":\"st");
        using (MetricsLog log = MetricsLog.Open(file, 2))
        {
            log.Append("step", 3, [new("loss", 0.125), new("gradient_norm", double.PositiveInfinity)]);
        }

        Assert.Equal(
            "{\"kind\":\"step\",\"step\":1}\n{\"kind\":\"step\",\"step\":2,\"loss\":0.5}\n{\"kind\":\"eval\",\"step\":2,\"AP\":0.25}\n{\"kind\":\"step\",\"step\":3,\"loss\":0.125}\n",
            File.ReadAllText(file));
    }

    [Fact]
    public void Read_WorksWhileTheRunWrites()
    {
        using var folder = new TemporaryFolder();
        using MetricsLog log = MetricsLog.Open(folder.File("metrics.jsonl"), 0);
        log.Append("step", 1, []);
        Assert.Single(MetricsLog.Read(folder.File("metrics.jsonl")));
    }
}
