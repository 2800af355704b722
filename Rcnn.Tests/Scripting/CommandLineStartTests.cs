using System.Diagnostics;

namespace Rcnn.Tests.Scripting;

/// <summary>The command line in its own process, as a user starts it.</summary>
public sealed class CommandLineStartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-start-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void SecondStart_DoesNotLoadTheCompiler()
    {
        string script = Path.Combine(_folder, "a.csx");
        File.WriteAllText(script, "Console.WriteLine(AppDomain.CurrentDomain.GetAssemblies().Count(a => a.GetName().Name!.StartsWith(\"Microsoft.CodeAnalysis\")));\nreturn 5;");

        (int code, string output) = Start("script", script);
        Assert.Equal(5, code);
        Assert.NotEqual("0", output.Trim());

        (code, output) = Start("script", script);
        Assert.Equal(5, code);
        Assert.Equal("0", output.Trim());
    }

    [Fact]
    public void FSharpScript_SeesTheFramework_AndItsExitCodeComesThrough()
    {
        string script = Path.Combine(_folder, "a.fsx");
        File.WriteAllText(script, """
            open Rcnn.Experiments
            let spread = Statistics.Summarize [| 1.0; 3.0 |]
            printfn "%g %s" spread.Mean (fsi.CommandLineArgs |> Array.last)
            exit 6
            """);

        (int code, string output) = Start("script", script, "--last");

        Assert.Equal("2 --last", output.Trim());
        Assert.Equal(6, code);
    }

    private (int Code, string Output) Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "rcnn.dll"), .. arguments]) { RedirectStandardOutput = true };
        start.Environment["RCNN_CACHE"] = Path.Combine(_folder, "cache");
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
