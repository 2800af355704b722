namespace Rcnn.Core.Training;

/// <summary>What may change between the sessions of one run: when it ends, how often it reports and how it is fed, but not what it computes. It may move to another device, though not to the bit.</summary>
public static class ResumeCheck
{
    private static readonly string[] Free =
    [
        "stop.steps", "stop.epochs", "stop.minutes", "stop.patience", "validationLoss", "evalEvery", "checkpointEvery", "logEvery", "init", "device",
        "data.train", "data.validation", "data.proposals.file", "data.cacheMegabytes", "data.workers", "data.prefetch",
    ];

    /// <summary>What ends a run; of four steps, it also says how long each is.</summary>
    private static readonly string[] Length = ["stop.steps", "stop.epochs", "stop.minutes"];

    /// <exception cref="RcnnException">A setting differs; names it and both values. Exit code 2.</exception>
    public static void SameWork(TrainConfig stored, TrainConfig wanted, string folder) =>
        Same(stored, wanted, path => !Free.Contains(path), folder, "a resumed run keeps its settings");

    /// <summary>For a run whose later steps rest on finished ones, which training on would change under them.</summary>
    /// <exception cref="RcnnException">The end of the run differs; names setting and both values. Exit code 2.</exception>
    public static void SameLength(TrainConfig stored, TrainConfig wanted, string folder) =>
        Same(stored, wanted, path => Length.Contains(path), folder, "its second step rests on the first, which is finished; another length is a new run");

    private static void Same(TrainConfig stored, TrainConfig wanted, Func<string, bool> checks, string folder, string reason)
    {
        IReadOnlyDictionary<string, string> before = ConfigJson.Flatten(stored), now = ConfigJson.Flatten(wanted);
        foreach (string path in before.Keys.Union(now.Keys).Where(checks))
        {
            string a = before.GetValueOrDefault(path, "nothing"), b = now.GetValueOrDefault(path, "nothing");
            if (a != b)
            {
                throw RcnnException.Usage($"{folder}: the run has {path}={a}, this call asks for {b}; {reason}");
            }
        }
    }

    /// <summary>What is to be said about a run that goes on on another device; null where it stays.</summary>
    public static string? Moved(TrainConfig stored, TrainConfig wanted) => stored.Device == wanted.Device ? null
        : $"device={wanted.Device}, until now {stored.Device}: the run goes on with the same weights and samples, but its numbers are not those of one device to the bit";
}
