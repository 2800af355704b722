using TorchSharp.Interop;
using Xunit;

namespace Rcnn.Tests.Platform;

public sealed class NativeLoaderTests
{
    [Fact]
    public void UnloadableLibrary_IsOneLineThatNamesThePackage()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".so");
        File.WriteAllText(path, "not a library");
        try
        {
            string message = Assert.Throws<DllNotFoundException>(() => NativeLoader.Load(path, "libtorch (Debian: libtorch-dev)")).Message;
            Assert.StartsWith("libtorch (Debian: libtorch-dev) is missing or does not fit: ", message, StringComparison.Ordinal);
            Assert.Contains(path, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void AbsentLibrary_NamesThePath() =>
        Assert.Contains("/no/such.so does not exist", Assert.Throws<DllNotFoundException>(() => NativeLoader.Load("/no/such.so", "libtorch")).Message, StringComparison.Ordinal);
}
