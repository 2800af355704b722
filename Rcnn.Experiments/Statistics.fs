namespace Rcnn.Experiments

open System
open System.Collections.Generic
open MathNet.Numerics.Distributions

/// What a few repetitions say about a quantity.
type Spread(count: int, mean: double, standardDeviation: double, minimum: double, maximum: double, halfWidth: double) =
    member _.Count = count
    member _.Mean = mean
    /// Of the sample (n − 1); NaN for a single value.
    member _.StandardDeviation = standardDeviation
    member _.Minimum = minimum
    member _.Maximum = maximum
    /// Half the width of the 95 % interval of the mean by Student's t; NaN for a single value.
    member _.HalfWidth95 = halfWidth
    /// Ends of the 95 % interval of the mean.
    member _.Low95 = mean - halfWidth
    member _.High95 = mean + halfWidth

[<AbstractClass; Sealed>]
type Statistics private () =

    /// Mean, spread and t interval of at least one finite value.
    static member Summarize(values: IReadOnlyList<double>) : Spread =
        if values.Count = 0 then
            invalidArg (nameof values) "at least one value is needed"

        match values |> Seq.tryFindIndex (Double.IsFinite >> not) with
        | Some index -> invalidArg (nameof values) $"value {index} is {values[index]}"
        | None -> ()

        let n = values.Count
        let mean = Seq.average values

        let deviation =
            if n < 2 then
                nan
            else
                sqrt ((values |> Seq.sumBy (fun v -> (v - mean) * (v - mean))) / double (n - 1))

        let halfWidth =
            if n < 2 then
                nan
            else
                StudentT.InvCDF(0.0, 1.0, double (n - 1), 0.975) * deviation / sqrt (double n)

        Spread(n, mean, deviation, Seq.min values, Seq.max values, halfWidth)

    /// Spread of b − a, value by value: the values at one index share a seed. An interval that leaves out 0 is a difference at the 5 % level.
    static member Paired(a: IReadOnlyList<double>, b: IReadOnlyList<double>) : Spread =
        if a.Count <> b.Count then
            invalidArg (nameof b) $"as many values in both expected, got {a.Count} and {b.Count}"

        Statistics.Summarize [| for i in 0 .. a.Count - 1 -> b[i] - a[i] |]
