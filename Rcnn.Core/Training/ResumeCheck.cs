namespace Rcnn.Core.Training;

/// <summary>What may change between the sessions of one run: when it ends, how often it reports and how it is fed, but not what it computes.</summary>
public static class ResumeCheck
{
    private static readonly string[] Free =
    [
        "stop.steps", "stop.epochs", "stop.minutes", "stop.patience", "validationLoss", "evalEvery", "checkpointEvery", "logEvery", "init",
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
}
