namespace Rcnn.Experiments

open System
open System.Collections.Generic
open System.Globalization
open System.Linq
open System.Net

/// A table of text: the same content as plain text, CSV, Markdown or HTML.
type Table(headers: IReadOnlyList<string>, rows: IReadOnlyList<IReadOnlyList<string>>) =
    do
        for i in 0 .. rows.Count - 1 do
            if rows[i].Count <> headers.Count then
                invalidArg (nameof rows) $"row {i} has {rows[i].Count} cells under {headers.Count} headers"

    // A column of numbers is set flush right. "0.91 ± 0.02" counts as a number.
    let numeric =
        [| for column in 0 .. headers.Count - 1 ->
               rows.Count > 0
               && rows |> Seq.forall (fun row ->
                   let cell = row[column]
                   cell = "" || cell = "–" || Char.IsDigit cell[0] || (cell.Length > 1 && "+-−".Contains cell[0] && Char.IsDigit cell[1])) |]

    let html (text: string) = WebUtility.HtmlEncode text

    member _.Headers = headers
    member _.Rows = rows

    /// Aligned columns under a rule, for a terminal.
    member _.Text() =
        let width =
            [| for column in 0 .. headers.Count - 1 ->
                   rows |> Seq.map (fun row -> row[column].Length) |> Seq.append [ headers[column].Length ] |> Seq.max |]

        let line (cells: IReadOnlyList<string>) =
            cells
            |> Seq.mapi (fun i cell -> if numeric[i] then cell.PadLeft width[i] else cell.PadRight width[i])
            |> String.concat "  "
            |> _.TrimEnd()

        let rule = String('-', Array.sum width + 2 * (width.Length - 1))
        String.Join("\n", Seq.append [ line headers; rule ] (rows |> Seq.map line)) + "\n"

    /// RFC 4180: comma, quotes where needed, lines end in \n.
    member _.Csv() =
        let cell (text: string) =
            if text.IndexOfAny [| ','; '"'; '\n'; '\r' |] >= 0 then "\"" + text.Replace("\"", "\"\"") + "\"" else text

        String.Concat(rows |> Seq.append [ headers ] |> Seq.map (fun row -> String.Join(",", row |> Seq.map cell) + "\n"))

    member _.Markdown() =
        let line (cells: seq<string>) = "| " + String.Join(" | ", cells |> Seq.map _.Replace("|", "\\|")) + " |\n"
        line headers
        + line (numeric |> Seq.map (fun right -> if right then "--:" else "---"))
        + String.Concat(rows |> Seq.map line)

    /// A table element; numbers carry class "number".
    member _.Html() =
        let row tag (cells: IReadOnlyList<string>) =
            "<tr>" + String.Concat(cells |> Seq.mapi (fun i cell ->
                let style = if numeric[i] then " class=\"number\"" else ""
                $"<{tag}{style}>{html cell}</{tag}>")) + "</tr>\n"

        "<table>\n<thead>" + row "th" headers + "</thead>\n<tbody>\n" + String.Concat(rows |> Seq.map (row "td")) + "</tbody>\n</table>\n"

/// Tables of an experiment.
[<AbstractClass; Sealed>]
type Report private () =

    static let number (value: double) (decimals: int) = value.ToString("F" + string decimals, CultureInfo.InvariantCulture)

    static let groups (results: IReadOnlyList<RunResult>) =
        results |> Seq.groupBy _.Spec.Group |> Seq.map (fun (group, runs) -> group, Array.ofSeq runs) |> Array.ofSeq

    static let metric (name: string) (run: RunResult) =
        match run.Metrics.TryGetValue name with
        | true, value -> value
        | _ -> invalidArg "metrics" $"""run '{run.Spec.Name}' has no metric '{name}'; it has {String.Join(", ", run.Metrics.Keys)}"""

    /// "0.912 ± 0.014" (mean ± sample standard deviation); without spread for a single value.
    static member Format(spread: Spread, decimals: int) =
        if spread.Count < 2 then
            number spread.Mean decimals
        else
            $"{number spread.Mean decimals} ± {number spread.StandardDeviation decimals}"

    /// Group → spread of one metric over its runs, in the order in which groups first occur.
    static member Spreads(results: IReadOnlyList<RunResult>, name: string) : IReadOnlyList<KeyValuePair<string, Spread>> =
        [| for group, runs in groups results -> KeyValuePair(group, Statistics.Summarize(runs |> Array.map (metric name))) |]

    /// One row per setting: mean ± spread of each metric, and the difference of the first metric to the first setting, paired by seed.
    static member Summary(results: IReadOnlyList<RunResult>, metrics: IReadOnlyList<string>, decimals: int) : Table =
        let groups = groups results
        let compare = groups.Length > 1 && metrics.Count > 0

        let difference (runs: RunResult[]) =
            let pairs =
                [| for run in runs do
                       for other in snd groups[0] do
                           if run.Spec.Seed = other.Spec.Seed then
                               metric metrics[0] other, metric metrics[0] run |]

            if obj.ReferenceEquals(runs, snd groups[0]) || pairs.Length = 0 then
                "–"
            else
                let spread = Statistics.Paired(pairs |> Array.map fst, pairs |> Array.map snd)
                let sign = if spread.Mean >= 0.0 then "+" else ""
                sign + Report.Format(spread, decimals)

        let headers =
            [| yield "setting"
               yield "seeds"
               yield! metrics
               if compare then
                   yield $"Δ{metrics[0]} to {fst groups[0]}" |]

        Table(
            headers,
            [| for group, runs in groups ->
                   [| group
                      string runs.Length
                      for name in metrics do Report.Format(Statistics.Summarize(runs |> Array.map (metric name)), decimals)
                      if compare then difference runs |] :> IReadOnlyList<string> |]
        )

    /// One row per run with every metric at full precision: what goes into a CSV file.
    static member Runs(results: IReadOnlyList<RunResult>) : Table =
        let names = results.SelectMany(fun run -> run.Metrics.Keys).Distinct().ToArray()

        let paths = results.SelectMany(fun run -> run.Spec.Settings.Keys).Distinct().Order(StringComparer.Ordinal).ToArray()

        Table(
            Array.concat [ [| "setting"; "seed" |]; paths; names ],
            [| for run in results ->
                   [| run.Spec.Group
                      string run.Spec.Seed
                      for path in paths do
                          match run.Spec.Settings.TryGetValue path with
                          | true, value -> value
                          | _ -> ""
                      for name in names do
                          match run.Metrics.TryGetValue name with
                          | true, value -> value.ToString("R", CultureInfo.InvariantCulture)
                          | _ -> "" |] :> IReadOnlyList<string> |]
        )
