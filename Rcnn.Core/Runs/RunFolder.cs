using System.Globalization;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Classic;
using Rcnn.Core.Training;

namespace Rcnn.Core.Runs;

/// <summary>
/// The folder of one run: config.json, environment.json, metrics.jsonl, checkpoint-STEP folders, and after evaluation detections.json and
/// report.html. Whatever is in it is whole (<see cref="DurableFile"/>).
/// </summary>
public sealed class RunFolder
{
    private const string CheckpointPrefix = "checkpoint-";

    private RunFolder(string path, TrainConfig config)
    {
        Directory = path;
        Config = config;
    }

    public string Directory { get; }

    public TrainConfig Config { get; }

    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Directory)));
    public string ConfigFile => Path.Combine(Directory, "config.json");
    public string EnvironmentFile => Path.Combine(Directory, "environment.json");
    public string MetricsFile => Path.Combine(Directory, "metrics.jsonl");
    public string DetectionsFile => Path.Combine(Directory, "detections.json");
    public string EvaluationFile => Path.Combine(Directory, "evaluation.json");
    public string ReportFile => Path.Combine(Directory, "report.html");

    /// <summary>True when <paramref name="path"/> holds a run.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(path, "config.json"));

    /// <summary>True when the run in <paramref name="path"/> has a checkpoint, its own or one of its parts (a step of alternating training), so that there is something to lose.</summary>
    public static bool IsStarted(string path) => Exists(path)
        && System.IO.Directory.GetDirectories(path, "step-*").Where(Exists).Append(path).Any(part => new RunFolder(part, new TrainConfig()).CheckpointSteps().Count > 0);

    /// <summary>Makes the folder and writes config.json, over that of a call that ended before its first checkpoint.</summary>
    /// <exception cref="RcnnException">The folder already holds a run with a checkpoint (exit code 2), another process trains into it, or it cannot be written.</exception>
    public static RunFolder Create(string path, TrainConfig config)
    {
        RefuseStarted(path);

        try
        {
            System.IO.Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RcnnException($"{path}: {e.Message}", inner: e);
        }

        var folder = new RunFolder(path, config);
        using (folder.Lock())
        {
            folder.WriteConfig();
        }

        return folder;
    }

    /// <exception cref="RcnnException">The folder holds a run with a checkpoint; exit code 2.</exception>
    public static void RefuseStarted(string path)
    {
        if (IsStarted(path))
        {
            throw RcnnException.Usage($"{path}: holds a run already; go on with it (--resume) or choose another folder");
        }
    }

    /// <exception cref="RcnnException">No run there, or its config.json cannot be read.</exception>
    public static RunFolder Open(string path)
    {
        string file = Path.Combine(path, "config.json");
        if (!File.Exists(file))
        {
            throw new RcnnException($"{path}: no run there (no config.json)");
        }

        return new RunFolder(path, ConfigJson.Read<TrainConfig>(File.ReadAllText(file), file));
    }

    /// <summary>The same folder with another configuration, written to config.json.</summary>
    public RunFolder With(TrainConfig config)
    {
        var folder = new RunFolder(Directory, config);
        folder.WriteConfig();
        return folder;
    }

    /// <summary>Keeps a second trainer out of the folder until disposed. The lock ends with the process, however that ends.</summary>
    /// <exception cref="RcnnException">Another process trains here.</exception>
    public IDisposable Lock()
    {
        string file = Path.Combine(Directory, ".lock");
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new RcnnException($"{Directory}: another process is training into this folder", inner: e);
        }
    }

    public string CheckpointFolder(int step) => Path.Combine(Directory, CheckpointPrefix + step.ToString("D8", CultureInfo.InvariantCulture));

    /// <summary>Steps that have a checkpoint, rising.</summary>
    public IReadOnlyList<int> CheckpointSteps()
    {
        var steps = new List<int>();
        foreach (string path in System.IO.Directory.GetDirectories(Directory, CheckpointPrefix + "*"))
        {
            string digits = Path.GetFileName(path)[CheckpointPrefix.Length..];
            if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int step) && File.Exists(Path.Combine(path, Checkpoint.StateFile)))
            {
                steps.Add(step);
            }
        }

        steps.Sort();
        return steps;
    }

    /// <summary>The checkpoint to go on from, or null.</summary>
    public string? LatestCheckpoint()
    {
        IReadOnlyList<int> steps = CheckpointSteps();
        return steps.Count == 0 ? null : CheckpointFolder(steps[^1]);
    }

    /// <summary>The checkpoint to use: the best by validation, else the latest.</summary>
    /// <exception cref="RcnnException">The run has none.</exception>
    public string BestCheckpoint()
    {
        string latest = LatestCheckpoint() ?? throw new RcnnException($"{Directory}: the run has no checkpoint yet");
        return Checkpoint.ReadState(latest).BestStep is { } best && System.IO.Directory.Exists(CheckpointFolder(best)) ? CheckpointFolder(best) : latest;
    }

    /// <summary>Deletes all checkpoints but the last two and the best.</summary>
    public void Prune(int? bestStep)
    {
        IReadOnlyList<int> steps = CheckpointSteps();
        foreach (int step in steps.Take(Math.Max(0, steps.Count - 2)))
        {
            if (step != bestStep)
            {
                // Renamed first: a kill in the middle must not leave half a checkpoint under its name.
                string doomed = CheckpointFolder(step) + DurableFile.TemporaryMark + "old";
                System.IO.Directory.Move(CheckpointFolder(step), doomed);
                System.IO.Directory.Delete(doomed, recursive: true);
            }
        }
    }

    /// <summary>The trained detector, ready to detect.</summary>
    /// <param name="checkpoint">A checkpoint folder; null takes the best.</param>
    /// <param name="device">Where it is to compute, wherever it was trained (<see cref="ComputeDevice"/>).</param>
    /// <exception cref="RcnnException">No such device, or files that do not fit.</exception>
    public TwoStageDetector LoadDetector(string? checkpoint = null, string device = "cpu")
    {
        TorchSharp.torch.Device place = ComputeDevice.Of(device);
        TwoStageDetector detector = DetectorFactory.Create(Config.Model, Config.Seed);
        ComputeDevice.Place(detector, place);
        Checkpoint.LoadWeights(checkpoint ?? BestCheckpoint(), detector);
        detector.eval();
        return detector;
    }

    /// <summary>As <see cref="LoadDetector"/>, for any kind of detector, R-CNN included.</summary>
    public IDetector OpenDetector(string? checkpoint = null, string device = "cpu") => DetectorFactory.IsClassic(Config.Model)
        ? RcnnFiles.Detector(Config.Model, Config.Seed, checkpoint ?? BestCheckpoint(), device)
        : LoadDetector(checkpoint, device);

    private void WriteConfig() => DurableFile.WriteText(ConfigFile, ConfigJson.Write(Config));
}
