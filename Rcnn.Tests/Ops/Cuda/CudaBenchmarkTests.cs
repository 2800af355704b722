using Rcnn.Cli.Benchmarks;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>The benchmarks of the kernels, as far as they can run where there is no GPU.</summary>
public sealed class CudaBenchmarkTests
{
    [Fact]
    public void Names_AreThoseOfTheCpuOrOfAnotherType()
    {
        string[] cpu = [.. OperatorBenchmarks.All().Select(b => b.Name)];
        Assert.All(CudaBenchmarks.All(CPU).Where(b => !b.Name.EndsWith("f16", StringComparison.Ordinal) && b.Name != "sigmoid_focal_249405x4"), b => Assert.Contains(b.Name, cpu));
        Assert.All(CudaBenchmarks.All(CPU), b => Assert.True(b.Bytes > 0, b.Name));
    }

    [Theory]
    [InlineData("nms_1000", "nms_reduce")]
    [InlineData("box_iou_2000x200", "boxes_overlaps")]
    [InlineData("anchors_249405", "boxes_anchors")]
    public void Benchmark_RunsItsKernel(string name, string kernel)
    {
        using IDisposable kernels = HostKernels.Use();
        using var scope = NewDisposeScope();
        using IBenchmark benchmark = CudaBenchmarks.All(CPU).Single(b => b.Name == name);
        benchmark.Setup();
        benchmark.Prepare();
        benchmark.Run();
        Assert.Contains(kernel, HostKernels.Launches.Keys);
    }

    [Theory]
    [InlineData("roi_align_bwd")]
    [InlineData("roi_pool_bwd_nhwc")]
    public void Backward_RunsOnceForEachPreparation(string name)
    {
        using var scope = NewDisposeScope();
        using IBenchmark benchmark = CudaBenchmarks.All(CPU).Single(b => b.Name == name);
        benchmark.Setup();
        benchmark.Prepare();
        benchmark.Prepare();
        benchmark.Run();
        benchmark.Run();
        Assert.Throws<InvalidOperationException>(benchmark.Run);
    }
}
