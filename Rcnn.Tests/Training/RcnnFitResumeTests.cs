using Rcnn.Core.Data;
using Rcnn.Core.Models.Classic;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;

namespace Rcnn.Tests.Training;

/// <summary>Machines and box regressions go on where they were interrupted, and repeat nothing.</summary>
public sealed class RcnnFitResumeTests
{
    private static readonly string[] Settings =
    [
        "model.backbone.widthMultiplier=0.25", "model.backbone.lastBlock=7", "model.rcnn.warpSize=32", "model.rcnn.context=4", "data.maxSide=96", "data.batchSize=2", "data.proposals.method=sliding-windows",
        "data.proposals.limit=25", "model.rcnn.sampling.foreground=4", "model.rcnn.sampling.background=4", "stop.steps=1", "threads=1", "model.rcnn.svm.retrainAfter=20",
    ];

    private static readonly IDetectionDataset Data = TinyDetector.Data(4);

    [Fact]
    public void InterruptedInMachines_GoesOnBehindTheImagesThatAreDone()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = Whole(folder);
        Interrupt(folder.File("cut"), new Watch { StopAtMachineImage = 3 });
        Assert.True(File.Exists(folder.File("cut/" + FitState.FileName)));
        var watch = new Watch();
        Assert.Equal(RunOutcome.Completed, TrainingRun.Execute(Config, Data, null, folder.File("cut"), watch, resume: true).Outcome);
        Assert.Contains("they go on behind image 3 of 4", watch.Messages);
        Assert.Equal([4], watch.MachineImages);
        Assert.Equal(whole, Machines(folder.File("cut")));
        Assert.False(File.Exists(folder.File("cut/" + FitState.FileName)));
    }

    [Fact]
    public void InterruptedInBoxRegression_KeepsMachinesAndFinishedClasses()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = Whole(folder);
        Interrupt(folder.File("cut"), new Watch { StopAtMessage = "box regression of " + Data.ClassNames[1] });
        var watch = new Watch();
        TrainingRun.Execute(Config, Data, null, folder.File("cut"), watch, resume: true);
        Assert.Empty(watch.MachineImages);
        Assert.Equal(Data.ClassNames.Skip(1).Select(c => "box regression of " + c), watch.Messages.Where(m => m.StartsWith("box regression of", StringComparison.Ordinal)));
        Assert.Equal(whole, Machines(folder.File("cut")));
    }

    [Fact]
    public void StateThatIsDamagedOrOfOtherWeights_BeginsAnew()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = Whole(folder);
        string cut = folder.File("cut"), state = Path.Combine(cut, FitState.FileName);
        Interrupt(cut, new Watch { StopAtMachineImage = 3 });
        using (var stream = new FileStream(state, FileMode.Open))
        {
            stream.SetLength(stream.Length - 5);
        }

        var watch = new Watch();
        TrainingRun.Execute(Config, Data, null, cut, watch, resume: true);
        Assert.Contains(watch.Messages, m => m == $"{state}: damaged; machines and box regressions begin anew");
        Assert.Equal([1, 2, 3, 4], watch.MachineImages);
        Assert.Equal(whole, Machines(cut));

        // Trained on, the run has other features; what its machines had come to is of no use.
        Interrupt(folder.File("on"), new Watch { StopAtMachineImage = 3 });
        var second = new Watch();
        TrainingRun.Execute(Config with { Stop = new StopConfig { Steps = 2 } }, Data, null, folder.File("on"), second, resume: true);
        Assert.Contains(second.Messages, m => m.Contains("of other weights, regions or settings", StringComparison.Ordinal));
        Assert.Equal([1, 2, 3, 4], second.MachineImages);
    }

    private static TrainConfig Config => ConfigOverrides.Apply(TrainPresets.For("rcnn", "mobilenet_v2", Data.ClassNames.Count), Settings);

    private static byte[] Whole(TemporaryFolder folder) => Machines(TrainingRun.Execute(Config, Data, null, folder.File("whole")).Folder);

    private static void Interrupt(string run, Watch watch) =>
        Assert.Equal(RunOutcome.Interrupted, TrainingRun.Execute(Config, Data, null, run, watch, cancellation: watch.Stop.Token).Outcome);

    private static byte[] Machines(string run) => File.ReadAllBytes(Path.Combine(RunFolder.Open(run).LatestCheckpoint()!, RcnnMachines.FileName));

    private sealed class Watch : ITrainingObserver
    {
        private bool _machines;

        public CancellationTokenSource Stop { get; } = new();

        public int StopAtMachineImage { get; init; }

        public string StopAtMessage { get; init; } = "never";

        public List<string> Messages { get; } = [];

        public List<int> MachineImages { get; } = [];

        public void Message(string text)
        {
            Messages.Add(text);
            _machines = text.StartsWith("machines of", StringComparison.Ordinal) || (_machines && text.StartsWith("they go on", StringComparison.Ordinal));
            if (text == StopAtMessage)
            {
                Stop.Cancel();
            }
        }

        public void Evaluating(int done, int total)
        {
            if (_machines)
            {
                MachineImages.Add(done);
                if (done == StopAtMachineImage)
                {
                    Stop.Cancel();
                }
            }
        }
    }
}
