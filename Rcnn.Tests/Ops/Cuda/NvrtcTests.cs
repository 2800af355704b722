using Rcnn.Ops.Cuda;

namespace Rcnn.Tests.Ops.Cuda;

public sealed class NvrtcTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("rcnn-nvrtc").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Candidates_PipTorch_ComeBeforeToolkitsAndTheLoader()
    {
        string lib = Touch("site-packages/torch/lib/libnvrtc-672ee683.so.11.2");
        string pip = Touch("site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
        Touch("site-packages/nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.4");
        Touch("site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.alt.so.12");
        string newer = Touch("local/cuda-12.8/lib64/libnvrtc.so.12"), older = Touch("local/cuda-11.8/lib64/libnvrtc.so.11.2");
        Assert.Equal(
            [lib, pip, newer, older, "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"],
            Nvrtc.Candidates(Path.Combine(_root, "site-packages/torch/lib"), Path.Combine(_root, "local"), null));
    }

    [Fact]
    public void Candidates_NothingThere_LeavesTheLoader() =>
        Assert.Equal(["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"], Nvrtc.Candidates(null, Path.Combine(_root, "none"), null));

    private string Touch(string path)
    {
        string file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "");
        return file;
    }
}
