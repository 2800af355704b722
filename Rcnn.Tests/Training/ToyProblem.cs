using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Training;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Tests.Training;

/// <summary>
/// A regression small enough to train in microseconds, whose loss depends on everything that a resume has to restore: the images and their order, the
/// sampling stream and libtorch's generator.
/// </summary>
internal sealed class ToyProblem : IDisposable
{
    public ToyProblem(TrainConfig config)
    {
        Config = config;
        Model = new ToyModel(config.Seed);
    }

    public TrainConfig Config { get; }

    public ToyModel Model { get; }

    /// <summary>Called before the loss of each step; may spoil the weights or cancel.</summary>
    public Action<int>? Before { get; init; }

    /// <summary>Told of the weight file that the run starts from.</summary>
    public Action<string>? Initialize { get; init; }

    public int Steps { get; private set; }

    public static TrainConfig Baseline(string optimizer = "sgd") => new()
    {
        Data = new DataConfig { BatchSize = 3, Workers = 1, FlipProbability = 0.5 },
        Optimizer = new OptimizerConfig { Kind = optimizer, LearningRate = 0.05, ClipNorm = 1 },
        Schedule = new ScheduleConfig { WarmupSteps = 5, Milestones = [0.6] },
        Stop = new StopConfig { Steps = 24 },
        CheckpointEvery = 5,
        LogEvery = 1,
        Seed = 11,
    };

    public RunSummary Train(string folder, bool resume = false, IDetectionDataset? validation = null, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        var data = new ToyDataset(10);
        TrainConfig config = TrainingRun.Resolve(Config with { Model = Config.Model with { Classes = data.ClassNames.Count + 1 } }, data, validation);
        return TrainingRun.Execute(
            config, data, validation, TrainingRun.Folder(config, folder, resume), Model, Loss,
            (_, _) => new Dictionary<string, double> { ["AP"] = 1.0 / (1 + Steps) }, Start, observer, cancellation);

        string Start(string file)
        {
            Initialize?.Invoke(file);
            return file;
        }
    }

    public byte[] Weights()
    {
        using var scope = NewDisposeScope();
        return [.. Model.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value.detach().contiguous().bytes.ToArray())];
    }

    public void Dispose() => Model.Dispose();

    private LossParts Loss(Batch batch, RandomStream random)
    {
        Before?.Invoke(Steps++);
        var loss = new LossParts();
        Tensor noise = rand(4) * (0.5 + random.NextDouble());
        Tensor sum = zeros(4);
        foreach (Tensor image in batch.Images)
        {
            sum = sum + image.to_type(ScalarType.Float32).div(255).view(4, -1).mean([1]);
        }

        loss.Add("loss_fit", (Model.call(sum + noise) - 1).square().mean());
        loss.Add("loss_size", Model.call(noise).abs().mean());
        return loss;
    }
}

/// <summary>Two linear layers with weights from a seed, and one frozen parameter.</summary>
internal sealed class ToyModel : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight, scale, frozen;

    public ToyModel(long seed)
        : base("toy")
    {
        var random = new RandomStream(seed, "toy");
        weight = new Parameter(tensor(Enumerable.Range(0, 8).Select(_ => (float)random.NextGaussian()).ToArray()).view(2, 4));
        scale = new Parameter(ones(2));
        frozen = new Parameter(ones(2), requires_grad: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => weight.matmul(input).tanh() * scale + frozen;

    public void Spoil()
    {
        using IDisposable off = no_grad();
        weight.fill_(float.NaN);
    }
}

/// <summary>Images of 8×8 pixels, each of its own colour, without objects.</summary>
internal sealed class ToyDataset(int count) : IDetectionDataset
{
    public string Name => "toy";
    public IReadOnlyList<string> ClassNames { get; } = ["thing"];
    public IReadOnlyList<int> CategoryIds { get; } = [1];
    public int Count => count;
    public ImageRecord this[int index] => new(index, $"toy-{index}.png", 8, 8, [], "toy");

    public RgbImage Decode(int index)
    {
        var pixels = new byte[8 * 8 * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)(index * 37 + i * 5);
        }

        return new RgbImage(8, 8, pixels);
    }

    public string Fingerprint() => $"toy dataset of {count} images";
}
