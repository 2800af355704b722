namespace Rcnn.Cli.Golden;

/// <summary>The golden ops this build can compute. An op missing here is skipped with a reason.</summary>
internal static class GoldenOps
{
    /// <summary>One line for each op.</summary>
    public static IReadOnlyList<IGoldenCase> All { get; } =
    [
        new CocoBboxGolden(),
    ];

    public static IGoldenCase? Find(string op) => All.FirstOrDefault(c => c.Op == op);
}
