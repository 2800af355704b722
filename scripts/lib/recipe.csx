// A recipe from end to end: trains a detector, evaluates it, times its stages, and writes recipe.json beside the run.
// Interrupted, it goes on where it stopped when it is started again with the same --out.
#load "../rcnn.csx"
#load "arguments.csx"

using System.Diagnostics;
using System.Text.Json;
using Rcnn.Core.Data.Proposals;

public sealed class Recipe
{
    /// <summary>What the table calls it.</summary>
    public string Title { get; set; } = "";

    /// <summary>Its settings, given the number of classes.</summary>
    public Func<int, TrainConfig> Config { get; set; } = classes => TrainPresets.For("faster-rcnn-c4", null, classes);

    /// <summary>Settings over these where the run starts from trained weights (--init), key=value each.</summary>
    public string[] FromWeights { get; set; } = [];

    /// <summary>Images that the stages are timed on.</summary>
    public int TimedImages { get; set; } = 30;

    /// <summary>Training data where the call names none.</summary>
    public string Train { get; set; } = "synthetic:train:600";

    /// <summary>Validation data where the call names none.</summary>
    public string Validation { get; set; } = "synthetic:val:100";

    /// <summary>
    /// Runs it. Options: --train D, --val D, --init FILE, --steps N or --minutes T, --seed S, --threads N, --out DIR, and --set "key=value …". A number of steps gives the same
    /// bits again on the same machine with the same number of threads; minutes do not.
    /// </summary>
    public int Run(IList<string> args, int steps)
    {
        Execute(new Arguments(args), steps);
        return 0;
    }

    /// <summary>Runs it and returns its numbers, which are also in recipe.json of the folder and on the console.</summary>
    public RecipeResult Execute(Arguments options, int steps, string folder = "")
    {
        string output = Path.Combine(options.Text("--out", "runs/" + Title.Replace(' ', '-').ToLowerInvariant()), folder);
        IDetectionDataset train = DatasetFactory.Open(options.Text("--train", Train));
        IDetectionDataset validation = DatasetFactory.Open(options.Text("--val", Validation), train.ClassNames);
        string init = options.Text("--init", "");
        steps = options.Integer("--steps", steps);
        double minutes = options.Number("--minutes", 0);
        long seed = options.Integer("--seed", 0);
        int threads = options.Integer("--threads", 0);
        string set = options.Text("--set", "");
        options.RejectUnknown();
        TrainConfig config = Config(train.ClassNames.Count) with
        {
            Seed = seed,
            Init = init.Length > 0 ? init : null,
            Stop = minutes > 0 ? new StopConfig { Minutes = minutes } : new StopConfig { Steps = steps },
            Threads = threads,
            EvalEvery = int.MaxValue,
        };
        config = ConfigOverrides.Apply(config, [.. init.Length > 0 ? FromWeights : [], .. set.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        RunSummary summary = TrainingRun.Execute(config, train, validation, output, new Lines(Title), resume: true);
        RunFolder run = RunFolder.Open(output);
        EvaluationSummary evaluation = EvaluationRun.Execute(run, validation);
        using IDetector detector = run.OpenDetector();
        IProposalMethod method = run.Config.Data.Proposals.Method is { } name ? ProposalMethods.Create(name) : null;
        StageTimes times = StageTimes.Measure(detector, validation, run.Config.Data.MaxSide, TimedImages, method, run.Config.Data.Proposals.Limit);
        var result = new RecipeResult
        {
            Title = Title,
            Seed = seed,
            Steps = summary.Steps,
            TrainMinutes = Math.Round(summary.Elapsed.TotalMinutes, 2),
            Metrics = evaluation.Metrics.ToDictionary(m => m.Key, m => m.Value),
            ProposalMs = times.Proposals,
            FeatureMs = times.Features,
            RegionMs = times.Regions,
            RestMs = times.Rest,
            PeakMegabytes = Engine.PeakResidentBytes >> 20,
        };
        var web = new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true };
        File.WriteAllText(Path.Combine(output, "recipe.json"), JsonSerializer.Serialize(result, web));
        string masks = result.Metrics.TryGetValue("mask/AP50", out double mask) ? $"  mask AP50 {mask:F3}  mask AP {result.Metrics["mask/AP"]:F3}" : "";
        Console.WriteLine($"{Title}: AP50 {result.Metrics["AP50"]:F3}  AP {result.Metrics["AP"]:F3}  AP75 {result.Metrics["AP75"]:F3}{masks}; {result.Steps} steps in {result.TrainMinutes:F1} minutes; "
            + $"an image {times.Total:F0} ms (proposals {times.Proposals:F0}, features {times.Features:F0}, regions {times.Regions:F0}, rest {times.Rest:F0})");
        return result;
    }

    private sealed class Lines(string title) : ITrainingObserver
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private double _next;

        public void Message(string text) => Console.Error.WriteLine($"{title}: {text}");

        public void Stepped(StepReport report)
        {
            if (_clock.Elapsed.TotalSeconds >= _next)
            {
                Console.Error.WriteLine($"{title}: step {report.Step}, {report.Progress:P0}, loss {report.Loss:F3}");
                _next = _clock.Elapsed.TotalSeconds + 15;
            }
        }
    }
}

/// <summary>What recipe.json holds.</summary>
public sealed class RecipeResult
{
    public string Title { get; set; } = "";
    public long Seed { get; set; }
    public int Steps { get; set; }
    public double TrainMinutes { get; set; }

    /// <summary>The metrics on the validation data: AP, AP50, … and mask/AP, … where there are masks.</summary>
    public Dictionary<string, double> Metrics { get; set; } = new();

    /// <summary>Milliseconds that an image takes, stage by stage.</summary>
    public double ProposalMs { get; set; }
    public double FeatureMs { get; set; }
    public double RegionMs { get; set; }
    public double RestMs { get; set; }

    /// <summary>Peak memory of the process, MiB.</summary>
    public long PeakMegabytes { get; set; }
}
