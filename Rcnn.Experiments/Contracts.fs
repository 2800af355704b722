namespace Rcnn.Experiments

open System.Collections.Generic

/// One training run to do: a name, its seed and the settings that differ from the baseline (dotted paths and their values, as `--set` takes them).
[<AllowNullLiteral>]
type RunSpec(name: string, seed: int64, settings: IReadOnlyDictionary<string, string>) =
    /// Unique within an experiment; also the name of the run's folder.
    member _.Name = name
    /// Seed of weights, sampling and data order.
    member _.Seed = seed
    /// Dotted path → value, invariant culture.
    member _.Settings = settings

/// What came out of a run.
[<AllowNullLiteral>]
type RunResult(spec: RunSpec, metrics: IReadOnlyDictionary<string, double>, folder: string) =
    member _.Spec = spec
    /// Metric name → value, for example "AP50" → 0.91.
    member _.Metrics = metrics
    /// Folder of the run, with its configuration, log and detections.
    member _.Folder = folder
