namespace Rcnn.Core.Training;

/// <summary>What may change between the sessions of one run: when it ends, how often it reports and how it is fed, but not what it computes. It may move to another device, though not to the bit.</summary>
public static class ResumeCheck
{
    private static readonly string[] Free =
    [
        "stop.steps", "stop.epochs", "stop.minutes", "stop.patience", "validationLoss", "evalEvery", "checkpointEvery", "logEvery", "init", "device",
        "data.train", "data.validation", "data.proposals.file", "data.cacheMegabytes", "data.workers", "data.prefetch",
    ];

    /// <exception cref="RcnnException">A setting differs; names it and both values. Exit code 2.</exception>
    public static void SameWork(TrainConfig stored, TrainConfig wanted, string folder)
    {
        IReadOnlyDictionary<string, string> before = ConfigJson.Flatten(stored), now = ConfigJson.Flatten(wanted);
        foreach (string path in before.Keys.Union(now.Keys).Except(Free))
        {
            string a = before.GetValueOrDefault(path, "nothing"), b = now.GetValueOrDefault(path, "nothing");
            if (a != b)
            {
                throw RcnnException.Usage($"{folder}: the run has {path}={a}, this call asks for {b}; a resumed run keeps its settings");
            }
        }
    }

    /// <summary>What is to be said about a run that goes on on another device; null where it stays.</summary>
    public static string? Moved(TrainConfig stored, TrainConfig wanted) => stored.Device == wanted.Device ? null
        : $"device={wanted.Device}, until now {stored.Device}: the run goes on with the same weights and samples, but its numbers are not those of one device to the bit";
}
