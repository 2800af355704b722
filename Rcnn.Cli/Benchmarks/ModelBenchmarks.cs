using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Benchmarks;

/// <summary>
/// Whole detectors, torchvision's two shapes: one image of 480×640, random weights, batch normalisation, every layer trained.
/// A training step is losses, backward, and SGD with momentum.
/// </summary>
internal sealed class ModelBenchmarks(string name, DetectorConfig config, bool train) : IBenchmark
{
    private TwoStageDetector? _detector;
    private optim.Optimizer? _optimizer;
    private Tensor? _image;
    private Target? _target;
    private RandomStream _random = new(0);

    public string Name { get; } = name;

    public string Note => FormattableString.Invariant($"480×640, batch 1; process peak {Engine.PeakResidentBytes >> 20} MiB");

    public static IReadOnlyList<IBenchmark> All()
    {
        DetectorConfig resnet = WithBatchNorm(DetectorPresets.Create("faster-rcnn-fpn", "resnet50", 91));
        resnet = resnet with { Input = resnet.Input with { MinSize = 480, MaxSize = 640 } };
        DetectorConfig mobile = WithBatchNorm(DetectorPresets.Create("faster-rcnn-fpn", "mobilenet_v3_large", 91));
        return
        [
            new ModelBenchmarks("fasterrcnn_resnet50_fpn_infer", resnet, false),
            new ModelBenchmarks("fasterrcnn_resnet50_fpn_train", resnet, true),
            new ModelBenchmarks("fasterrcnn_mobilenet_v3_large_320_fpn_infer", mobile, false),
            new ModelBenchmarks("fasterrcnn_mobilenet_v3_large_320_fpn_train", mobile, true),
        ];
    }

    public void Setup()
    {
        _random = new RandomStream(0, Name);
        _detector = DetectorFactory.Create(config, 0);
        var pixels = new float[3 * 480 * 640];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (float)_random.NextDouble();
        }

        _image = tensor(pixels, [3, 480, 640]).DetachFromDisposeScope();
        var corners = new float[6 * 4];
        for (int i = 0; i < 6; i++)
        {
            double x = _random.NextDouble(0, 620), y = _random.NextDouble(0, 460);
            corners[4 * i] = (float)x;
            corners[4 * i + 1] = (float)y;
            corners[4 * i + 2] = (float)Math.Min(640, x + _random.NextDouble(10, 200));
            corners[4 * i + 3] = (float)Math.Min(480, y + _random.NextDouble(10, 200));
        }

        long[] labels = [.. Enumerable.Range(0, 6).Select(_ => 1L + _random.NextInt(90))];
        _target = new Target(tensor(corners, [6, 4]).DetachFromDisposeScope(), tensor(labels).DetachFromDisposeScope());
        _detector.train(train);
        if (train)
        {
            _optimizer = optim.SGD(_detector.parameters(), 1e-4, momentum: 0.9);
        }
    }

    public void Run()
    {
        if (_optimizer is null)
        {
            _detector!.Detect([_image!]);
            return;
        }

        using var scope = NewDisposeScope();
        // As the trainer does: the last step's gradients take no memory during the forward pass.
        _detector!.zero_grad();
        _detector.Losses([_image!], [_target!], _random).Total().backward();
        _optimizer.step();
    }

    public void Dispose()
    {
        _optimizer?.Dispose();
        _detector?.Dispose();
        _image?.Dispose();
        _target?.Dispose();
    }

    private static DetectorConfig WithBatchNorm(DetectorConfig config) => config with { Backbone = config.Backbone with { Norm = "bn" } };
}
