using System.CommandLine;
using System.Globalization;
using Rcnn.Core;

namespace Rcnn.Cli;

/// <summary>The command line. Exit codes: 0 done, 1 the work failed, 2 the call was wrong, 130 interrupted.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        bool verbose = args.Contains("--verbose");
        try
        {
            ParseResult parsed = Root().Parse(Commands.ScriptCommand.Escape(args));
            if (parsed.Errors.Count > 0 && parsed.Action is null or System.CommandLine.Invocation.ParseErrorAction)
            {
                Console.Error.WriteLine("rcnn: " + parsed.Errors[0].Message.ReplaceLineEndings(" ") + " (try --help)");
                return 2;
            }

            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            return Report(e, verbose);
        }
    }

    internal static RootCommand Root()
    {
        var root = new RootCommand("Two-stage object detection on .NET: train, evaluate, detect, ablate.");
        root.Options.Add(new Option<bool>("--verbose") { Description = "Add the stack trace to an error.", Recursive = true });
        // One line for each command, in the order of --help.
        root.Subcommands.Add(Commands.DemoCommand.Create());
        root.Subcommands.Add(Commands.TrainCommand.Create());
        root.Subcommands.Add(Commands.EvalCommand.Create());
        root.Subcommands.Add(Commands.DetectCommand.Create());
        root.Subcommands.Add(Commands.GalleryCommand.Create());
        root.Subcommands.Add(Commands.ProposalsCommand.Create());
        root.Subcommands.Add(Commands.RunsCommand.Create());
        root.Subcommands.Add(Commands.WeightsCommand.Create());
        root.Subcommands.Add(Commands.ExplainCommand.Create());
        root.Subcommands.Add(Commands.ScoreCommand.Create());
        root.Subcommands.Add(Commands.GoldenCommand.Create());
        root.Subcommands.Add(Commands.BenchCommand.Create());
        root.Subcommands.Add(Commands.ScriptCommand.Create());
        return root;
    }

    internal static int Report(Exception e, bool verbose)
    {
        while (e is AggregateException { InnerExceptions.Count: 1 } or System.Reflection.TargetInvocationException { InnerException: not null })
        {
            e = e.InnerException!;
        }

        if (e is OperationCanceledException)
        {
            Console.Error.WriteLine("rcnn: interrupted");
            return 130;
        }

        Console.Error.WriteLine(verbose ? "rcnn: " + e : "rcnn: " + e.Message.ReplaceLineEndings(" ").Trim());
        return e is RcnnException r ? r.ExitCode : 1;
    }
}
