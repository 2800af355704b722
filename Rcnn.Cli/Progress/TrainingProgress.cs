using Rcnn.Core.Training;

namespace Rcnn.Cli.Progress;

/// <summary>A bar on a terminal, lines elsewhere. Progress goes to the error stream, results to standard output.</summary>
internal static class TrainingProgress
{
    public static T Run<T>(Func<ITrainingObserver, T> work) =>
        Console.IsOutputRedirected || Console.IsErrorRedirected
            ? work(new PlainProgress(Console.Error, TimeSpan.FromSeconds(5)))
            : TerminalProgress.Run(work);
}
