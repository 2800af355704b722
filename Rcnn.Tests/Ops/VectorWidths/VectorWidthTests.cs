using System.Diagnostics;
using System.Runtime.Intrinsics.X86;

namespace Rcnn.Tests.Ops.VectorWidths;

/// <summary>
/// The operators once more with narrower vectors: a child process runs this assembly with the runtime's switches, says which widths it has left, and repeats the operator tests; and its
/// results must equal those of this process to the bit. A switch without effect fails.
/// </summary>
public sealed class VectorWidthTests
{
    public static TheoryData<string, bool, bool, bool> Switches => new()
    {
        { "DOTNET_EnableAVX512", false, true, true },
        { "DOTNET_EnableAVX2", false, false, true },
        { "DOTNET_EnableHWIntrinsic", false, false, false },
    };

    [SkippableTheory]
    [MemberData(nameof(Switches))]
    public void Fingerprints_WithNarrowerVectors_AreTheSameBits(string name, bool has512, bool has256, bool has128)
    {
        SkipWithoutX86();
        (int code, string[] lines) = Child(name, "fingerprints");
        Assert.Equal(0, code);
        Assert.Equal(new VectorSupport(has512, has256, has128).ToString(), lines[0]);
        Assert.Equal(OperatorFingerprints.Compute().Select(f => $"{f.Name} {f.Bits}"), lines[1..]);
    }

    [Fact]
    public void Fingerprints_AtOneAndTwoThreads_AreTheSameBits()
    {
        ILookup<string, string> bits = OperatorFingerprints.Compute().ToLookup(f => f.Name[..^2], f => f.Bits);
        Assert.All(bits, group => Assert.Single(group.Distinct()));
    }

    [SkippableTheory]
    [MemberData(nameof(Switches))]
    public void OperatorTests_WithNarrowerVectors_Pass(string name, bool has512, bool has256, bool has128)
    {
        SkipWithoutX86();
        (int code, string[] lines) = Child(name, "tests", "Rcnn.Tests.Ops");
        Assert.Equal(new VectorSupport(has512, has256, has128).ToString(), lines[0]);
        Assert.True(code == 0, string.Join('\n', lines));
    }

    // A machine without AVX2 has nothing to switch off; on other processors the switches have other names.
    private static void SkipWithoutX86() => Skip.IfNot(Avx2.IsSupported, "the switches are x86's, and this processor or process has no AVX2");

    private static (int Code, string[] Lines) Child(string name, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(VectorWidthTests).Assembly.Location, .. arguments]) { RedirectStandardOutput = true };
        start.Environment[name] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
