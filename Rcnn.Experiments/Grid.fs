namespace Rcnn.Experiments

open System
open System.Collections.Generic

/// A named choice: the settings that it changes together.
type Variant(name: string, settings: IReadOnlyDictionary<string, string>) =
    do
        if String.IsNullOrWhiteSpace name then
            invalidArg (nameof name) "a variant needs a name"

    member _.Name = name
    /// Dotted path → value; empty for the baseline.
    member _.Settings = settings

    /// A variant of one setting.
    static member Of(name: string, path: string, value: string) =
        Variant(name, Dictionary(dict [ path, value ]))

    /// The baseline itself: changes nothing.
    static member Baseline(name: string) = Variant(name, Dictionary())

/// Something that an experiment varies. The first variant is the baseline of one-at-a-time variation.
type Axis(name: string, variants: IReadOnlyList<Variant>) =
    do
        if variants.Count = 0 then
            invalidArg (nameof variants) $"axis '{name}' has no variants"

    member _.Name = name
    member _.Variants = variants

    /// One setting and its values; the values name the variants.
    static member Of(name: string, path: string, values: IReadOnlyList<string>) =
        Axis(name, [| for value in values -> Variant.Of(value, path, value) |])

/// Turns axes and seeds into runs. Names depend on axis and variant names only, so they stay the same when axes grow.
[<AbstractClass; Sealed>]
type Grid private () =

    /// Safe as a folder name: every other character becomes '_'.
    static let folderName (text: string) =
        String.map (fun c -> if Char.IsAsciiLetterOrDigit c || "._-+=,".Contains c then c else '_') text

    static let merge (variants: seq<Variant>) =
        let settings = SortedDictionary<string, string>(StringComparer.Ordinal)

        for variant in variants do
            for pair in variant.Settings do
                if not (settings.TryAdd(pair.Key, pair.Value)) then
                    invalidArg "axes" $"two axes set '{pair.Key}'"

        Dictionary(settings)

    static let specs (seeds: IReadOnlyList<int64>) (groups: seq<string * seq<Variant>>) =
        if seeds.Count = 0 then
            invalidArg (nameof seeds) "at least one seed is needed"

        let runs = [| for name, variants in groups do
                          let settings = merge variants
                          for seed in seeds -> RunSpec(folderName name, seed, settings) |]

        match runs |> Array.countBy _.Name |> Array.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) -> invalidArg "axes" $"{count} runs are called '{name}'"
        | None -> runs :> IReadOnlyList<RunSpec>

    /// Every combination of one variant per axis, the last axis varying fastest, with every seed. A single axis gives the variants' own names,
    /// several give "axis=variant" joined by commas.
    static member Cartesian(axes: IReadOnlyList<Axis>, seeds: IReadOnlyList<int64>) : IReadOnlyList<RunSpec> =
        if axes.Count = 0 then
            invalidArg (nameof axes) "at least one axis is needed"

        let rec combine (rest: Axis list) =
            match rest with
            | [] -> [ [] ]
            | axis :: others ->
                let tails = combine others
                [ for variant in axis.Variants do
                      for tail in tails -> (axis, variant) :: tail ]

        let name (choice: (Axis * Variant) list) =
            match choice with
            | [ _, variant ] -> variant.Name
            | _ -> choice |> List.map (fun (axis, variant) -> $"{axis.Name}={variant.Name}") |> String.concat ","

        specs seeds (combine (List.ofSeq axes) |> Seq.map (fun choice -> name choice, choice |> Seq.map snd))

    /// The baseline (every axis at its first variant), then every other variant of each axis alone, with every seed.
    static member OneAtATime(axes: IReadOnlyList<Axis>, seeds: IReadOnlyList<int64>) : IReadOnlyList<RunSpec> =
        if axes.Count = 0 then
            invalidArg (nameof axes) "at least one axis is needed"

        let first = axes |> Seq.map (fun axis -> axis, axis.Variants[0]) |> List.ofSeq

        let changed =
            [ for axis in axes do
                  for variant in axis.Variants |> Seq.skip 1 ->
                      $"{axis.Name}={variant.Name}",
                      first |> Seq.map (fun (other, baseline) -> if obj.ReferenceEquals(other, axis) then variant else baseline) ]

        specs seeds (("baseline", first |> Seq.map snd) :: changed)
