using Rcnn.Ops.Cuda;

namespace Rcnn.Tests.Ops.Cuda;

public sealed class KernelCacheTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-cache").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Get_SameInputs_CompilesOnce()
    {
        int compiled = 0;
        var cache = new KernelCache(Path.Combine(_folder, "new"));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal([1, 2, 3], cache.Get(["text", "sm_80", "12.4"], ".cubin", () =>
            {
                compiled++;
                return [1, 2, 3];
            }));
        }

        Assert.Equal(1, compiled);
    }

    [Theory]
    [InlineData("text2", "sm_80", "12.4")]
    [InlineData("text", "sm_90", "12.4")]
    [InlineData("text", "sm_80", "13.0")]
    [InlineData("texts", "m_80", "12.4")]
    public void Get_AnotherSourceDeviceOrCompiler_CompilesAgain(string source, string device, string compiler)
    {
        var cache = new KernelCache(_folder);
        cache.Get(["text", "sm_80", "12.4"], ".cubin", () => [1]);
        Assert.Equal([2], cache.Get([source, device, compiler], ".cubin", () => [2]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(33)]
    public void Get_DamagedOrShortFile_CompilesAgainAndRepairs(int keep)
    {
        var cache = new KernelCache(_folder);
        cache.Get(["a"], ".cubin", () => [1, 2, 3, 4]);
        string file = Assert.Single(Directory.GetFiles(_folder));
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, keep == 33 ? bytes : bytes[..keep]);
        Assert.Equal([1, 2, 3, 4], cache.Get(["a"], ".cubin", () => [1, 2, 3, 4]));
        Assert.Equal([1, 2, 3, 4], cache.Get(["a"], ".cubin", () => throw new InvalidOperationException("stored")));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Get_FolderThatIsAFile_StillCompiles()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        Assert.Equal([7], new KernelCache(file).Get(["a"], ".cubin", () => [7]));
    }
}
