namespace Rcnn.Experiments

open System
open System.Collections.Generic
open System.Text.Json

/// Where an experiment stands.
type Progress(index: int, count: int, spec: RunSpec, result: RunResult | null, reused: bool) =
    /// 0-based place of the run among `Count` runs.
    member _.Index = index
    member _.Count = count
    member _.Spec = spec
    /// Null while the run is about to start.
    member _.Result = result
    /// Whether the result was there already.
    member _.Reused = reused

[<AbstractClass; Sealed>]
type Experiment private () =

    /// Does the runs one after another and returns their results in the order of `specs`. `finished` gives the stored result of a run or null;
    /// a run that has one is not done again, so an interrupted experiment goes on where it stopped. `progress` is called before and after each run
    /// with what is known then, and is the place to store a result. An exception in a run ends the experiment.
    static member Run
        (
            specs: IReadOnlyList<RunSpec>,
            run: Func<RunSpec, RunResult>,
            finished: Func<RunSpec, RunResult | null>,
            progress: Action<Progress>
        ) : IReadOnlyList<RunResult> =
        [| for index in 0 .. specs.Count - 1 do
               let spec = specs[index]

               match finished.Invoke spec with
               | null ->
                   progress.Invoke(Progress(index, specs.Count, spec, null, false))
                   let result = run.Invoke spec

                   progress.Invoke(Progress(index, specs.Count, spec, result, false))
                   result
               | result ->
                   progress.Invoke(Progress(index, specs.Count, spec, result, true))
                   result |]

    /// Does the runs one after another, without looking for stored results.
    static member Run(specs: IReadOnlyList<RunSpec>, run: Func<RunSpec, RunResult>) : IReadOnlyList<RunResult> =
        Experiment.Run(specs, run, (fun _ -> null), ignore)

    /// One line of JSON for a results file.
    static member ToJson(result: RunResult) : string =
        JsonSerializer.Serialize
            {| group = result.Spec.Group
               seed = result.Spec.Seed
               settings = result.Spec.Settings
               metrics = result.Metrics
               folder = result.Folder |}

    /// The reverse of `ToJson`. JsonException or KeyNotFoundException for another kind of line.
    static member FromJson(line: string) : RunResult =
        use document = JsonDocument.Parse line
        let root = document.RootElement
        let settings = Dictionary()
        let metrics = Dictionary()

        for pair in root.GetProperty("settings").EnumerateObject() do
            settings.Add(pair.Name, string (pair.Value.GetString()))

        for pair in root.GetProperty("metrics").EnumerateObject() do
            metrics.Add(pair.Name, pair.Value.GetDouble())

        let spec = RunSpec(string (root.GetProperty("group").GetString()), root.GetProperty("seed").GetInt64(), settings)
        RunResult(spec, metrics, string (root.GetProperty("folder").GetString()))

    /// Finds the result of a run among stored ones: same name and same settings, else null.
    static member Find(stored: IReadOnlyList<RunResult>, spec: RunSpec) : RunResult | null =
        let same (a: IReadOnlyDictionary<string, string>) (b: IReadOnlyDictionary<string, string>) =
            a.Count = b.Count
            && a |> Seq.forall (fun pair ->
                match b.TryGetValue pair.Key with
                | true, value -> value = pair.Value
                | _ -> false)

        stored
        |> Seq.tryFindBack (fun result -> result.Spec.Name = spec.Name && same result.Spec.Settings spec.Settings)
        |> Option.toObj
