using Rcnn.Cli.Commands;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>The goldens once more, through the kernels.</summary>
public sealed class GoldenKernelTests
{
    [SkippableTheory]
    [InlineData("11")]
    [InlineData("12")]
    public void Goldens_OfTheOperators_PassThroughTheKernels(string seed)
    {
        string folder = SharedData.Require("golden/ops");
        Assert.Equal(0, GoldenCommand.Create().Parse([folder, "--device", "cuda-host", "--seed", seed]).Invoke());
        Assert.True(Rcnn.Ops.Cuda.HostKernels.Launches.Count >= 15, string.Join(", ", Rcnn.Ops.Cuda.HostKernels.Launches.Keys));
    }
}
