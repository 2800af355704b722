using System.Diagnostics;
using Rcnn.Core.Data;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Ops;

namespace Rcnn.Tests.Training;

public sealed class KillTests
{
    private const int Steps = 14;

    [Fact]
    public void KilledTwiceAndInterruptedOnce_EndsWithTheSameBits()
    {
        using var folder = new TemporaryFolder();
        int threads = Engine.Threads;
        try
        {
            IDetectionDataset data = TinyDetector.Data(6);
            TrainConfig config = TinyDetector.Config(data.ClassNames.Count, $"stop.steps={Steps}", "checkpointEvery=2", "seed=3", "data.flipProbability=0.5");
            TrainingRun.Execute(config, data, null, folder.File("whole"));
        }
        finally
        {
            Engine.Threads = threads;
        }

        string run = folder.File("cut");
        var random = new RandomStream(Environment.TickCount64, "kills");
        EndAtLine(run, 1 + random.NextInt(4), process => process.Kill());
        EndAtLine(run, 5 + random.NextInt(4), process => process.Kill());
        Assert.Equal(130, EndAtLine(run, 10, process => Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit()));
        using Process last = Start(run);
        string log = last.StandardError.ReadToEnd() + last.StandardOutput.ReadToEnd();
        last.WaitForExit();
        Assert.True(last.ExitCode == 0, log);

        string a = RunFolder.Open(folder.File("whole")).CheckpointFolder(Steps), b = RunFolder.Open(run).CheckpointFolder(Steps);
        Assert.Equal(File.ReadAllBytes(Path.Combine(a, Checkpoint.WeightsFile)), File.ReadAllBytes(Path.Combine(b, Checkpoint.WeightsFile)));
        Assert.Equal(File.ReadAllBytes(Path.Combine(a, Checkpoint.OptimizerFile)), File.ReadAllBytes(Path.Combine(b, Checkpoint.OptimizerFile)));
        Assert.Equal(Enumerable.Range(1, Steps), MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).Select(line => (int)line["step"]!));
    }

    /// <summary>Trains until the log has a step, then ends the process. Returns its exit code.</summary>
    private static int EndAtLine(string run, int step, Action<Process> end)
    {
        using Process process = Start(run);
        var reading = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        while (!process.HasExited && MetricsLog.Read(Path.Combine(run, "metrics.jsonl")).All(line => (int)line["step"]! < step))
        {
            Thread.Sleep(20);
        }

        Assert.False(process.HasExited, $"ended by itself: {(process.HasExited ? reading.Result + output.Result : "")}");
        end(process);
        process.WaitForExit();
        return process.ExitCode;
    }

    private static Process Start(string run)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        string[] arguments =
        [
            typeof(Cli.Program).Assembly.Location, "train", "--resume", "--out", run, "--data", "synthetic:easy:train:6", "--model", "faster-rcnn-c4",
            "--backbone", "mobilenet_v2", "--steps", $"{Steps}", "--seed", "3", "--set", "checkpointEvery=2", "--set", "data.flipProbability=0.5",
            .. TinyDetector.Settings.SelectMany(setting => new[] { "--set", setting }),
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
