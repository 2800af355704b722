using System.Diagnostics;
using Rcnn.Tests.Training;

namespace Rcnn.Tests.Devices;

/// <summary>
/// Training steps, detection, checkpoints and operators with the model on a device that is not the CPU, where there is no GPU: a child process loads <see cref="ShadowDevice"/> and runs
/// <see cref="ShadowChecks"/>. It finds tensors that stayed on the CPU, and host code that reads a device's memory. What it cannot find is what a GPU's own operators do.
/// </summary>
public sealed class ShadowDeviceTests
{
    [SkippableFact]
    public void EverythingOfAStep_IsOnTheModelsDevice()
    {
        Skip.IfNot(ShadowDevice.Missing is null, ShadowDevice.Missing);
        using var folder = new TemporaryFolder();
        string source = Path.Combine(AppContext.BaseDirectory, "Devices", "shadow.cpp"), library = folder.File("shadow.so");
        ShadowDevice.Compile(source, library);
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(ShadowDeviceTests).Assembly.Location, "shadow", library]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.DoesNotContain("FAIL", output, StringComparison.Ordinal);
        Assert.Contains("0 failed", output, StringComparison.Ordinal);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>The child's part.</summary>
    /// <param name="only">Checks whose names contain this; empty for all.</param>
    internal static int Run(string library, string only, TextWriter output)
    {
        ShadowDevice.Load(library);
        int passed = 0, failed = 0;
        foreach ((string name, Action run) in ShadowChecks.All().Where(c => c.Name.Contains(only, StringComparison.Ordinal)))
        {
            try
            {
                run();
                passed++;
                output.WriteLine("ok   " + name);
            }
            catch (Exception e)
            {
                failed++;
                output.WriteLine($"FAIL {name}: {(only.Length > 0 ? e.ToString() : e.Message.ReplaceLineEndings(" "))}");
            }
        }

        output.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }
}
