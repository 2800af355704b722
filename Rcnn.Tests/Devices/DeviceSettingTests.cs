using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Devices;

/// <summary>The setting <c>device</c>, from the command line to config.json, where there is no GPU.</summary>
public sealed class DeviceSettingTests
{
    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1:2")]
    [InlineData("CUDA")]
    [InlineData("")]
    public void MalformedDevice_IsAWrongCall_OfEveryCommand(string device)
    {
        using var folder = new TemporaryFolder();
        RunFolder.Create(folder.File("run"), TinyDetector.Config(2));
        string expected = $"rcnn: device={device}: cpu, cuda or cuda:N expected";
        Assert.Equal((2, expected), Call("train", "--data", "synthetic:easy:train:2", "--model", "faster-rcnn-c4", "--steps", "1", "--out", folder.File("new"), "--set", "device=" + device));
        Assert.Equal((2, expected), Call("eval", "--run", folder.File("run"), "--data", "synthetic:easy:train:2", "--device", device));
        Assert.Equal((2, expected), Call("detect", "--run", folder.File("run"), "--device", device, "a.jpg"));
        Assert.False(RunFolder.Exists(folder.File("new")));
    }

    [SkippableTheory]
    [InlineData("cuda")]
    [InlineData("cuda:1")]
    public void DeviceThatIsNotThere_EndsInOneLine(string device)
    {
        Skip.If(cuda.is_available(), "this machine has a GPU");
        using var folder = new TemporaryFolder();
        RunFolder.Create(folder.File("run"), TinyDetector.Config(2, "device=" + device));
        string expected = $"rcnn: device={device}: this libtorch has no CUDA, or finds no GPU; device=cpu works everywhere (--device cpu)";
        foreach (string model in new[] { "faster-rcnn-c4", "rcnn" })
        {
            Assert.Equal((1, expected), Call("train", "--data", "synthetic:easy:train:2", "--model", model, "--steps", "1", "--out", folder.File("new"), "--device", device));
        }

        Assert.Equal((1, expected), Call("eval", "--run", folder.File("run"), "--data", "synthetic:easy:train:2"));
        Assert.Equal((1, expected), Call("detect", "--run", folder.File("run"), "a.jpg"));
        Assert.False(RunFolder.Exists(folder.File("new")));
        IDetectionDataset data = TinyDetector.Data(2);
        RcnnException e = Assert.Throws<RcnnException>(() => TrainingRun.Execute(
            TinyDetector.Config(data.ClassNames.Count, "stop.steps=1", "procedure=alternating", "device=" + device), data, null, folder.File("new")));
        Assert.Equal(1, e.ExitCode);
        Assert.False(RunFolder.Exists(folder.File("new")));
    }

    [Fact]
    public void Default_IsTheCpu_AlsoInRunsFromBeforeTheSetting()
    {
        string json = ConfigJson.Write(TinyDetector.Config(2));
        Assert.Contains("\"device\": \"cpu\"", json, StringComparison.Ordinal);
        Assert.Equal("cpu", ConfigJson.Read<TrainConfig>(json.Replace("\"device\": \"cpu\",", "", StringComparison.Ordinal), "old").Device);
        Assert.Equal(DeviceType.CPU, ComputeDevice.Of("cpu").type);
    }

    [Fact]
    public void RunOfAGpu_EvaluatesAndGoesOnOnTheCpu_AndSaysThatBitsDiffer()
    {
        using var folder = new TemporaryFolder();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = TinyDetector.Config(data.ClassNames.Count, "stop.steps=2");
        string run = TrainingRun.Execute(config, data, null, folder.File("run")).Folder, file = Path.Combine(run, "config.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"device\": \"cpu\"", "\"device\": \"cuda:1\"", StringComparison.Ordinal));
        Assert.Equal("cuda:1", RunFolder.Open(run).Config.Device);
        Assert.Equal(0, Call("eval", "--run", run, "--data", "synthetic:easy:train:2", "--device", "cpu").Code);
        using (TwoStageDetector detector = RunFolder.Open(run).LoadDetector())
        {
            Assert.Equal(DeviceType.CPU, detector.Device.type);
        }

        var messages = new MessageList();
        Assert.Equal(3, TrainingRun.Execute(config with { Stop = new StopConfig { Steps = 3 } }, data, null, run, messages, resume: true).Steps);
        Assert.Contains(messages, m => m.StartsWith("device=cpu, until now cuda:1: ", StringComparison.Ordinal) && m.Contains("not those of one device to the bit", StringComparison.Ordinal));
        Assert.Equal("cpu", RunFolder.Open(run).Config.Device);
    }

    [Fact]
    public void Place_OnTheSameDevice_KeepsTheParameters()
    {
        using TwoStageDetector detector = DetectorFactory.Create(Models.TinyDetector.SingleMap, 0);
        TorchSharp.Modules.Parameter before = detector.parameters().First();
        ComputeDevice.Place(detector, CPU);
        Assert.Same(before, detector.parameters().First());
    }

    [Fact]
    public void Precision_FollowsTheModelsDevice()
    {
        Assert.NotNull(new Precision("float16", DeviceType.CUDA).Scaler);
        Assert.Null(new Precision("bfloat16", DeviceType.CUDA).Scaler);
        Assert.Equal(2, Assert.Throws<RcnnException>(() => new Precision("float16", DeviceType.CPU)).ExitCode);
    }

    private static (int Code, string Error) Call(params string[] arguments)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using var text = new StringWriter();
        Console.SetOut(TextWriter.Null);
        Console.SetError(text);
        try
        {
            int code = Rcnn.Cli.Program.Main(arguments);
            return (code, text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(""));
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
