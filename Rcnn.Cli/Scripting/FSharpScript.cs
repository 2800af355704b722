using System.Diagnostics;

namespace Rcnn.Cli.Scripting;

/// <summary>Runs F# scripts through <c>dotnet fsi</c> of the installed SDK, with the framework's assemblies referenced.</summary>
internal static class FSharpScript
{
    private static readonly string[] References = ["Rcnn.Platform", "Rcnn.Ops", "Rcnn.Core", "Rcnn.Experiments", "MathNet.Numerics"];

    /// <summary>Starts the script on this terminal and returns its exit code.</summary>
    public static int Run(string path, IEnumerable<string> args, bool optimized)
    {
        var start = new ProcessStartInfo("dotnet");
        start.ArgumentList.Add("fsi");
        start.ArgumentList.Add(optimized ? "--optimize+" : "--optimize-");
        foreach (string name in References)
        {
            string file = Path.Combine(AppContext.BaseDirectory, name + ".dll");
            if (File.Exists(file))
            {
                start.ArgumentList.Add("--reference:" + file);
            }
        }

        start.ArgumentList.Add(path);
        foreach (string argument in args)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
