using System.CommandLine;
using Rcnn.Cli.Scripting;
using Rcnn.Core;

namespace Rcnn.Cli.Commands;

/// <summary><c>rcnn script FILE [ARGS…]</c>.</summary>
internal static class ScriptCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The script: .csx (C#, dotnet-script syntax) or .fsx (F#, dotnet fsi)." };
        var args = new Argument<string[]>("args") { Description = "Everything after the file, options included, goes to the script.", Arity = ArgumentArity.ZeroOrMore };
        var noCache = new Option<bool>("--no-cache") { Description = "Compile even when the script has not changed." };
        var configuration = new Option<string>("--configuration", "-c") { Description = "Debug or Release (optimised).", DefaultValueFactory = _ => "Debug" };
        configuration.AcceptOnlyFromAmong("Debug", "Release", "debug", "release");
        var command = new Command("script", """
            Run a C# or F# script with the framework at hand.

            Examples:
              rcnn script scripts/ablate-anchor-scales.csx --steps 300 --out ablation
              rcnn script -c Release study.csx
              rcnn script spread.fsx
            """)
        {
            file, args, noCache, configuration,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            if (!File.Exists(path))
            {
                throw RcnnException.Usage($"no such script: {path}");
            }

            string[] arguments = parsed.GetValue(args) ?? [];
            bool optimized = string.Equals(parsed.GetValue(configuration), "release", StringComparison.OrdinalIgnoreCase);
            return Path.GetExtension(path) switch
            {
                ".fsx" => FSharpScript.Run(path, arguments, optimized),
                ".csx" => new ScriptHost(ScriptHost.DefaultCache()) { Optimized = optimized, UseCache = !parsed.GetValue(noCache) }.Run(path, arguments),
                _ => throw RcnnException.Usage($"{path}: a script ends in .csx or .fsx"),
            };
        });
        return command;
    }

    /// <summary>Puts "--" after the script's name, so that the script's own options (--help among them) reach the script and not this command.</summary>
    internal static string[] Escape(string[] args)
    {
        if (args.Length == 0 || args[0] != "script")
        {
            return args;
        }

        for (int i = 1; i < args.Length; i++)
        {
            if (args[i] is "-c" or "--configuration")
            {
                i++;
            }
            else if (!args[i].StartsWith('-'))
            {
                int rest = i + 1 < args.Length && args[i + 1] == "--" ? i + 2 : i + 1;
                return [.. args[..(i + 1)], "--", .. args[rest..]];
            }
        }

        return args;
    }
}
