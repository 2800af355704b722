using Rcnn.Experiments;

namespace Rcnn.Tests.Experiments;

public sealed class ExperimentTests
{
    private static readonly IReadOnlyList<RunSpec> Specs = Grid.Cartesian([Axis.Of("x", "a.b", ["1", "2"])], [0, 1]);

    [Fact]
    public void Run_GoesInOrderAndReportsBeforeAndAfter()
    {
        var log = new List<string>();
        var results = Experiment.Run(Specs, Do, _ => null, p => log.Add($"{p.Index}/{p.Count} {p.Spec.Name} {(p.Result is null ? "starts" : "ends")}"));

        Assert.Equal(["1-seed0", "1-seed1", "2-seed0", "2-seed1"], results.Select(r => r.Spec.Name));
        Assert.Equal(["0/4 1-seed0 starts", "0/4 1-seed0 ends", "1/4 1-seed1 starts"], log.Take(3));
    }

    [Fact]
    public void Run_AfterAnInterruption_DoesOnlyWhatIsMissing()
    {
        var stored = new List<string>();
        int calls = 0;
        Assert.Throws<InvalidOperationException>(() => Go(spec => ++calls == 3 ? throw new InvalidOperationException() : Do(spec)));
        Assert.Equal(2, stored.Count);

        var again = new List<string>();
        var results = Go(spec =>
        {
            again.Add(spec.Name);
            return Do(spec);
        });

        Assert.Equal(["2-seed0", "2-seed1"], again);
        Assert.Equal([1, 1, 2, 2], results.Select(r => r.Metrics["value"]));

        IReadOnlyList<RunResult> Go(Func<RunSpec, RunResult> run) => Experiment.Run(
            Specs,
            run,
            spec => Experiment.Find([.. stored.Select(Experiment.FromJson)], spec),
            p =>
            {
                if (p.Result is { } result && !p.Reused)
                {
                    stored.Add(Experiment.ToJson(result));
                }
            });
    }

    [Fact]
    public void Find_OtherSettingsUnderTheSameName_IsNotTheSameRun()
    {
        RunResult old = Do(new RunSpec("1", 0, new Dictionary<string, string> { ["a.b"] = "9" }));

        Assert.Null(Experiment.Find([old], Specs[0]));
        Assert.NotNull(Experiment.Find([old, Do(Specs[0])], Specs[0]));
    }

    [Fact]
    public void Json_RoundTripsToTheBit()
    {
        RunResult result = Experiment.FromJson(Experiment.ToJson(new RunResult(Specs[3], new Dictionary<string, double> { ["AP"] = 0.1 + 0.2 }, "some/where")));

        Assert.Equal("2-seed1", result.Spec.Name);
        Assert.Equal("2", result.Spec.Settings["a.b"]);
        Assert.Equal(0.1 + 0.2, result.Metrics["AP"]);
        Assert.Equal("some/where", result.Folder);
    }

    private static RunResult Do(RunSpec spec) =>
        new(spec, new Dictionary<string, double> { ["value"] = double.Parse(spec.Settings["a.b"]) }, spec.Name);
}
