using System.Globalization;

namespace Rcnn.Core.Settings;

/// <summary>What one setting may be.</summary>
/// <param name="Text">The allowed values for people, as in "expected …".</param>
/// <param name="Holds">Whether a value is allowed; not asked about null.</param>
/// <param name="Names">All values where they are names, else null.</param>
/// <param name="Optional">Whether null is allowed.</param>
internal sealed record SettingRange(string Text, Func<object, bool> Holds, IReadOnlyList<string>? Names = null, bool Optional = false)
{
    public static SettingRange Positive { get; } = Number("a positive number", v => v > 0);

    public static SettingRange NotNegative { get; } = Number("a number that is not negative", v => v >= 0);

    /// <summary>In [0,1].</summary>
    public static SettingRange Fraction { get; } = Within(0, 1);

    /// <summary>In [0,1).</summary>
    public static SettingRange BelowOne { get; } = Number("a value in [0,1)", v => v is >= 0 and < 1);

    /// <summary>In (0,1].</summary>
    public static SettingRange PartOfOne { get; } = Number("a value in (0,1]", v => v is > 0 and <= 1);

    /// <summary>In (0,1).</summary>
    public static SettingRange Inside { get; } = Number("a value in (0,1)", v => v is > 0 and < 1);

    /// <summary>Any finite number.</summary>
    public static SettingRange Finite { get; } = Number("a finite number", _ => true);

    public static SettingRange Within(double low, double high) => Number(Invariant($"a value in [{low},{high}]"), v => v >= low && v <= high);

    public static SettingRange AtLeast(double low) => Number(Invariant($"{low} or more"), v => v >= low);

    public static SettingRange OneOf(params IReadOnlyList<string> names) =>
        new(string.Join(", ", names), value => value is string name && names.Contains(name), names);

    /// <summary>Text that only its reader can judge.</summary>
    public static SettingRange Words(string text) => new(text, value => value is string or string[]);

    /// <summary>A list of numbers.</summary>
    public static SettingRange List(string text, Func<double[], bool> holds) => new(text, value => Numbers(value) is { } numbers && numbers.All(double.IsFinite) && holds(numbers));

    /// <summary>A list of lists of numbers.</summary>
    public static SettingRange Rows(string text, Func<double[][], bool> holds) =>
        new(text, value => value is double[][] rows && rows.All(row => row is not null && row.All(double.IsFinite)) && holds(rows));

    public SettingRange OrNull() => this with { Text = Text + " or null", Optional = true };

    private static SettingRange Number(string text, Func<double, bool> holds) =>
        new(text, value => value is int or long or double && Convert.ToDouble(value, CultureInfo.InvariantCulture) is var number && double.IsFinite(number) && holds(number));

    private static double[]? Numbers(object value) => value switch
    {
        double[] numbers => numbers,
        int[] numbers => [.. numbers.Select(n => (double)n)],
        _ => null,
    };

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
