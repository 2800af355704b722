namespace Rcnn.Experiments

open System.Collections.Generic

/// One training run to do: which setting of an experiment, with which seed.
type RunSpec(group: string, seed: int64, settings: IReadOnlyDictionary<string, string>) =
    /// Name of the setting; runs that differ in nothing but the seed share it.
    member _.Group = group
    /// Unique within an experiment: "group-seed0". Also the name of the run's folder.
    member _.Name = group + "-seed" + string seed
    /// Seed of weights, sampling and data order.
    member _.Seed = seed
    /// What differs from the baseline: dotted path → value, invariant culture, as `--set` takes them.
    member _.Settings = settings

/// What came out of a run.
type RunResult(spec: RunSpec, metrics: IReadOnlyDictionary<string, double>, folder: string) =
    member _.Spec = spec
    /// Metric name → value, for example "AP50" → 0.91.
    member _.Metrics = metrics
    /// Folder of the run, with its configuration, log and detections.
    member _.Folder = folder
