using Rcnn.Core.Evaluation;
using static TorchSharp.torch;

namespace Rcnn.Cli.Benchmarks;

/// <summary>The benchmarks of each group of <c>bench</c>.</summary>
internal static class BenchmarkList
{
    /// <summary>Group names, in the order of the help.</summary>
    public static readonly string[] Groups = ["ops", "models", "data", "eval"];

    /// <summary>New benchmarks of a group.</summary>
    public static IReadOnlyList<IBenchmark> Of(string group, Device device) => group switch
    {
        "ops" when device.type == TorchSharp.DeviceType.CUDA => CudaBenchmarks.All(device),
        "ops" => OperatorBenchmarks.All(),
        "eval" => [new CocoEvaluationBenchmark(CocoIouType.Box), new CocoEvaluationBenchmark(CocoIouType.Mask)],
        "models" => ModelBenchmarks.All(),
        "data" => DataBenchmarks.All(),
        _ => [],
    };
}
