using System.Diagnostics;
using Rcnn.Ops.Cuda;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>The kernels as CUDA, where clang is at hand: to PTX, warnings are errors. No toolkit is needed.</summary>
public sealed class ClangSyntaxTests
{
    public static TheoryData<string> Sources() => [.. KernelLauncher.Sources];

    [SkippableTheory]
    [MemberData(nameof(Sources))]
    public void Source_CompilesAsCudaToPtx(string source)
    {
        string? clang = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(p => new[] { "clang++", "clang++-19", "clang++-16", "clang++-15", "clang++-14" }, Path.Combine)
            .FirstOrDefault(File.Exists);
        Skip.If(clang is null, "clang++ is not installed");
        string folder = Directory.CreateTempSubdirectory("rcnn-clang").FullName;
        try
        {
            string file = Path.Combine(folder, source + ".cu"), ptx = Path.Combine(folder, source + ".ptx");
            File.WriteAllText(file, KernelLauncher.Resource("clang.h") + KernelLauncher.Text(source));
            string[] arguments =
            [
                "-x", "cuda", "--cuda-device-only", "--cuda-gpu-arch=sm_80", "-Xclang", "-target-feature", "-Xclang", "+ptx70", "-nocudainc", "-nocudalib", "-std=c++17", "-O2",
                "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-S", "-o", ptx, file,
            ];
            using Process process = Process.Start(new ProcessStartInfo(clang!, arguments) { RedirectStandardError = true })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
            string[] entries = [.. File.ReadLines(ptx).Where(l => l.Contains(".entry", StringComparison.Ordinal))];
            Assert.NotEmpty(entries);
            Assert.All(entries, e => Assert.Contains(".entry " + source.Split('_')[0], e, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
