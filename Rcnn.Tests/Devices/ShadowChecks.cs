using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Classic;
using Rcnn.Core.Runs;
using Rcnn.Core.Training;
using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using Rcnn.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;
using Scenes = Rcnn.Tests.Models.TinyDetector;

namespace Rcnn.Tests.Devices;

/// <summary>What a child process of <see cref="ShadowDeviceTests"/> does on the shadow device: each entry throws where a tensor is on the wrong device or a number is not the CPU's.</summary>
internal static class ShadowChecks
{
    private static Device Shadow => ShadowDevice.Device;

    public static IEnumerable<(string Name, Action Run)> All()
    {
        yield return ("two devices in one operator are refused", TwoDevices);
        foreach ((string name, DetectorConfig config, string[] settings) in Detectors())
        {
            yield return ("train " + name, () => Train(config, settings));
        }

        foreach ((string name, DetectorConfig config) in new[] { ("c4", Scenes.SingleMap), ("fpn", Scenes.Pyramid), ("mask", Scenes.Mask), ("fast", Fast) })
        {
            yield return ("detect " + name, () => Detect(config));
        }

        foreach (string fusion in TestAugmentation.Fusions)
        {
            yield return ("detect copies, " + fusion, () => DetectCopies(fusion));
        }

        yield return ("detect with sigmoid scores", () => Detect(ConfigOverrides.Apply(Scenes.Pyramid, ["roi.classLoss.kind=focal-sigmoid"])));
        yield return ("detect with truncated layers", DetectTruncated);
        yield return ("propose", Propose);
        yield return ("evaluate", Evaluate);
        foreach (string optimizer in new[] { "sgd", "adamw" })
        {
            yield return ("checkpoint of the device goes on on the CPU, " + optimizer, () => Checkpoints(optimizer, Shadow, CPU));
            yield return ("checkpoint of the CPU goes on on the device, " + optimizer, () => Checkpoints(optimizer, CPU, Shadow));
        }

        yield return ("rcnn", Classic);
        foreach ((string name, Func<Func<Tensor, Tensor>, IEnumerable<Tensor>> run) in ShadowOperators.All())
        {
            yield return ("operator " + name, () => ShadowOperators.Check(run));
        }
    }

    private static DetectorConfig Fast => Scenes.SingleMap with { Assembly = "fast-rcnn" };

    private static IEnumerable<(string Name, DetectorConfig Config, string[] Settings)> Detectors()
    {
        yield return ("c4", Scenes.SingleMap, []);
        yield return ("fpn", Scenes.Pyramid, []);
        yield return ("mask", Scenes.Mask, []);
        yield return ("fast", Fast, []);
        yield return ("fpn in micro-batches with averages, adamw", Scenes.Pyramid, ["optimizer.microBatch=1", "optimizer.averageDecay=0.9", "optimizer.kind=adamw", "optimizer.learningRate=0.0005"]);
        string[][] settings =
        [
            ["model.backbone.norm=bn"],
            ["model.backbone.norm=gn", "model.backbone.baseWidth=32", "model.backbone.checkpoint=true"],
            ["model.backbone.checkpoint=true"],
            ["model.rpn.classLoss.kind=focal-sigmoid", "model.rpn.sampler=all", "model.rpn.boxLoss.normalizer=foreground"],
            ["model.rpn.classLoss.kind=ohem", "model.rpn.dropOutsideAnchors=true"],
            ["model.roi.classLoss.kind=focal-softmax", "model.roi.boxLoss.normalizer=foreground"],
            ["model.roi.classLoss.kind=focal-sigmoid", "model.roi.sampler=all"],
            ["model.roi.classLoss.kind=ohem", "model.roi.batchPerImage=16"],
            ["model.roi.sampler=class-balanced", "model.roi.backgroundIouLow=0.1"],
            ["model.roi.sampler=iou-balanced", "model.roi.classAgnosticBoxes=true"],
            ["model.rpn.boxLoss.kind=l1", "model.roi.boxLoss.kind=balanced-l1", "model.roi.boxLoss.beta=1"],
            ["model.rpn.boxLoss.kind=giou", "model.roi.boxLoss.kind=giou", "model.roi.classAgnosticBoxes=true"],
            ["model.rpn.boxLoss.kind=diou", "model.roi.boxLoss.kind=ciou"],
            ["model.lossWeighting=uncertainty"],
            ["model.roi.pooling=align-max"],
            ["model.roi.pooling=pool"],
            ["model.roi.pooling=warp"],
            ["model.rpn.minSizeOfOriginal=true", "model.rpn.anchors.stride=fixed", "model.rpn.postNmsPerLevel=20"],
        ];
        foreach (string[] s in settings)
        {
            yield return (string.Join(" ", s), Scenes.Pyramid, s);
        }

        yield return ("mask with softmax", Scenes.Mask, ["model.roi.mask.activation=softmax"]);
    }

    private static void TwoDevices()
    {
        using var scope = NewDisposeScope();
        Tensor here = ones(3), there = ones(3).to(Shadow);
        Assert.Equal(6, there.add(there).sum().item<float>());
        foreach (Action mixed in new Action[] { () => there.add(here), () => there.index_select(0, zeros(1, ScalarType.Int64)), () => cat([there, here]), () => there.data<float>() })
        {
            Assert.ThrowsAny<Exception>(mixed);
        }
    }

    /// <summary>Two steps; the first loss, part by part, is the CPU's, gradients are on the device and finite.</summary>
    private static void Train(DetectorConfig config, string[] settings)
    {
        using var scope = NewDisposeScope();
        TrainConfig train = ConfigOverrides.Apply(TinyDetector.Config(config.Classes - 1, "stop.steps=4") with { Model = config }, settings);
        (StepLoss first, StepLoss second)[] runs = [.. new[] { CPU, Shadow }.Select(device =>
        {
            using IDisposable? kernels = device == CPU ? null : HostKernels.Use(1);
            using TwoStageDetector detector = DetectorFactory.Create(train.Model, 3);
            ComputeDevice.Place(detector, device);
            detector.train();
            using var trainer = new Trainer(detector, (b, random) => detector.Losses(b.Images, b.Targets, random), train);
            using Batch batch = Batch(external: config.Assembly == "fast-rcnn");
            (StepLoss, StepLoss) losses = (trainer.Step(batch, 0, 0), trainer.Step(batch, 1, 0.25));
            foreach ((string name, TorchSharp.Modules.Parameter p) in detector.named_parameters())
            {
                Assert.True(p.device == device && (p.grad is null || p.grad.device == device), name);
            }

            Assert.All(detector.buffers(), b => Assert.Equal(device, b.device));
            return losses;
        })];
        foreach (((string name, double expected), (_, double got)) in runs[0].first.Parts.Zip(runs[1].first.Parts))
        {
            Assert.True(Math.Abs(got - expected) <= 1e-3 * Math.Abs(expected) + 1e-6, $"{name}: {expected} on the CPU, {got}");
        }

        Assert.Equal(runs[0].first.GradientNorm, runs[1].first.GradientNorm, 0.01 * runs[0].first.GradientNorm);
        Assert.True(double.IsFinite(runs[1].second.Total));
    }

    private static Tensor Regions() => tensor(new float[] { 8, 10, 44, 46, 60, 30, 120, 80, 0, 0, 127, 95 }, [3, 4]);

    private static Batch Batch(bool external = false)
    {
        (Tensor Image, Target Target)[] scenes = [Scenes.MaskedScene(0), Scenes.MaskedScene(9)];
        return new Batch([0, 1], [.. scenes.Select(s => s.Image)], [.. scenes.Select(s => external ? s.Target with { Proposals = Regions() } : s.Target)]);
    }

    private static void Detect(DetectorConfig config) => Same(config, (detector, external) => detector.Detect([Scenes.Scene(0).Image, Scenes.Scene(9).Image], external));

    private static void DetectCopies(string fusion) => Same(fusion == "pyramid" ? Fast : Scenes.Mask, (detector, external) =>
        new TestTimeAugmentation(detector, new TestAugmentation { Scales = fusion == "pyramid" ? [1, 8] : [1, 1.25], Flip = fusion != "pyramid", Fusion = fusion }).Detect([Scenes.Scene(0).Image, Scenes.Scene(9).Image], external));

    private static void DetectTruncated() => Same(Scenes.Pyramid, (detector, external) =>
    {
        using IDisposable truncated = new FullyConnectedRanks(Fc6: 16, Fc7: 8).ApplyTo(detector, null);
        return detector.Detect([Scenes.Scene(0).Image], external);
    });

    private static void Propose() => Same(Scenes.Pyramid, (detector, _) =>
        [.. detector.ProposeRegions([Scenes.Scene(0).Image], train: false).Select(b => new Detections(b, zeros(b.shape[0]), zeros(b.shape[0], ScalarType.Int64)))]);

    private static void Evaluate() => Same(Scenes.Mask, (detector, _) =>
    {
        IDetectionDataset data = TinyDetector.Data(2);
        Assert.NotEmpty(EvaluationRun.Execute(detector, data, new EvaluationOptions { Workers = 0 }).Metrics);
        return [];
    });

    /// <summary>Results on the CPU, with the same boxes in the same order up to rounding.</summary>
    private static void Same(DetectorConfig config, Func<TwoStageDetector, IReadOnlyList<Tensor>?, IReadOnlyList<Detections>> run)
    {
        using var scope = NewDisposeScope();
        Tensor regions = Regions();
        IReadOnlyList<Tensor>? external = config.Assembly == "fast-rcnn" ? [regions, regions] : null;
        IReadOnlyList<Detections>[] results = [.. new[] { CPU, Shadow }.Select(device =>
        {
            using IDisposable? kernels = device == CPU ? null : HostKernels.Use(2);
            using TwoStageDetector detector = DetectorFactory.Create(config with { Output = config.Output with { ScoreThreshold = 0.01 } }, 7);
            ComputeDevice.Place(detector, device);
            detector.eval();
            return run(detector, external);
        })];
        foreach ((Detections expected, Detections got) in results[0].Zip(results[1]))
        {
            Assert.All(new[] { got.Boxes, got.Scores, got.Labels }, t => Assert.True(t.is_cpu()));
            Assert.Equal(expected.Count, got.Count);
            Close(expected.Scores, got.Scores, 1e-3);
            if (expected.Masks is { } masks)
            {
                Assert.Equal(masks.shape, got.Masks!.shape);
                Assert.True(got.Masks.is_cpu());
            }
        }
    }

    private static void Close(Tensor expected, Tensor got, double tolerance) =>
        Assert.All(Scenes.Floats(expected).Zip(Scenes.Floats(got)), p => Assert.Equal(p.First, p.Second, tolerance));

    /// <summary>A run is the same to rounding whether it stays or moves in the middle, and a checkpoint holds the same bits on both sides.</summary>
    private static void Checkpoints(string optimizer, Device from, Device to)
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        TrainConfig train = TinyDetector.Config(2, $"optimizer.kind={optimizer}", "optimizer.averageDecay=0.9", "stop.steps=4") with { Model = Scenes.Pyramid };
        using IDisposable kernels = HostKernels.Use(3);
        using Batch batch = Batch();
        string file = folder.File("checkpoint");
        using (TwoStageDetector first = DetectorFactory.Create(train.Model, 3))
        {
            ComputeDevice.Place(first, from);
            first.train();
            using Trainer trainer = Of(first);
            trainer.Step(batch, 0, 0);
            trainer.Step(batch, 1, 0.25);
            Checkpoint.Write(file, trainer, new CheckpointState { Step = 2 });
        }

        using TwoStageDetector second = DetectorFactory.Create(train.Model, 4);
        ComputeDevice.Place(second, to);
        second.train();
        using Trainer next = Of(second);
        Checkpoint.Restore(file, next);
        Checkpoint.Write(folder.File("again"), next, new CheckpointState { Step = 2 });
        foreach (string name in new[] { Checkpoint.WeightsFile, Checkpoint.OptimizerFile, Checkpoint.AverageFile })
        {
            Assert.True(File.ReadAllBytes(Path.Combine(file, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.File("again"), name))), name);
        }

        Assert.True(double.IsFinite(next.Step(batch, 2, 0.5).Total));
        Checkpoint.LoadWeights(file, second);

        Trainer Of(TwoStageDetector detector) => new(detector, (b, random) => detector.Losses(b.Images, b.Targets, random), train);
    }

    private static void Classic()
    {
        using var scope = NewDisposeScope();
        IDetectionDataset data = TinyDetector.Data(2);
        TrainConfig config = ConfigOverrides.Apply(
            TrainPresets.For("rcnn", "mobilenet_v2", data.ClassNames.Count), ["model.backbone.widthMultiplier=0.25", "model.backbone.lastBlock=7", "model.rcnn.warpSize=32", "model.rcnn.context=4"]);
        (Tensor image, Target target) = Scenes.Scene(0);
        Tensor regions = Regions();
        using var batch = new Batch([0], [image], [target with { Proposals = regions }]);
        (double Loss, float[] Scores)[] runs = [.. new[] { CPU, Shadow }.Select(device =>
        {
            using var network = new RcnnNetwork(config.Model, 3);
            ComputeDevice.Place(network, device);
            network.eval();
            LossParts loss = RcnnTraining.Loss(config, network, RcnnDetector.Warp(config.Model), batch, new RandomStream(1));
            loss.Total().backward();
            (float[] pool, _, _) = RcnnDetector.Compute(network, RcnnDetector.Warp(config.Model), RcnnDetector.Image(image), RcnnDetector.Corners(regions));
            return (loss.Total().ToDouble(), pool);
        })];
        Assert.Equal(runs[0].Loss, runs[1].Loss, 1e-3 * runs[0].Loss);
        Assert.All(runs[0].Scores.Zip(runs[1].Scores), p => Assert.Equal(p.First, p.Second, 1e-3));
    }
}
