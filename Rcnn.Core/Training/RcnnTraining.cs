using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Classic;
using Rcnn.Core.Runs;
using Rcnn.Core.Weights;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>
/// R-CNN in its stages (Girshick et al. 2014, §2.3): the network is fine-tuned on warped regions, which is an ordinary training run; then features of all regions go into a cache, linear machines
/// and box regressions are fitted to them, and the result is measured. A stage that is done is not repeated; one that was interrupted goes on.
/// </summary>
internal static class RcnnTraining
{
    private const string FeatureFile = "features.cache";

    /// <inheritdoc cref="TrainingRun.Execute(TrainConfig, IDetectionDataset, IDetectionDataset?, string, ITrainingObserver?, bool, CancellationToken)"/>
    public static RunSummary Execute(
        TrainConfig config, IDetectionDataset train, IDetectionDataset? validation, string outDir, ITrainingObserver? observer, bool resume, CancellationToken cancellation)
    {
        Engine.Threads = config.Threads > 0 ? config.Threads : Environment.ProcessorCount;
        Device device = ComputeDevice.Of(config.Device);
        using var network = new RcnnNetwork(config.Model, config.Seed);
        ComputeDevice.Place(network, device);
        RunFolder folder = TrainingRun.Folder(config, outDir, resume);
        using ProposalSource proposals = ProposalSources.Open(config.Data.Proposals, folder.Directory)!;
        RunSummary summary = config.Model.Rcnn.FineTune
            ? FineTune(config, train, folder, network, proposals, observer, cancellation)
            : KeepWeights(config, train, folder, network, observer);
        if (summary.Outcome == RunOutcome.Interrupted)
        {
            return summary;
        }

        using IDisposable exclusive = folder.Lock();
        string checkpoint = folder.LatestCheckpoint()!, machines = Path.Combine(checkpoint, RcnnMachines.FileName);
        Checkpoint.LoadWeights(checkpoint, network);
        network.eval();
        try
        {
            if (!File.Exists(machines))
            {
                var clock = Stopwatch.StartNew();
                Fit(config, train, folder, network, proposals, checkpoint, observer, cancellation).Write(machines);
                CheckpointState trained = Checkpoint.ReadState(checkpoint);
                WriteState(checkpoint, trained with { ElapsedSeconds = trained.ElapsedSeconds + clock.Elapsed.TotalSeconds });
                File.Delete(Path.Combine(folder.Directory, FeatureFile));
                File.Delete(Path.Combine(folder.Directory, FitState.FileName));
                observer?.Saved(checkpoint, summary.Steps);
            }

            CheckpointState state = Checkpoint.ReadState(checkpoint);
            if (validation is not null && state.MeasuredStep != state.Step)
            {
                state = Measure(config, validation, folder, RcnnFiles.Detector(config.Model, config.Seed, checkpoint, config.Device), proposals, checkpoint, state, observer, cancellation);
            }

            return summary with { Metrics = state.Metrics, BestStep = state.BestStep, Elapsed = TimeSpan.FromSeconds(state.ElapsedSeconds) };
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return summary with { Outcome = RunOutcome.Interrupted };
        }
    }

    /// <summary>Cross entropy over sampled regions of the batch.</summary>
    internal static LossParts Loss(TrainConfig config, RcnnNetwork network, RegionWarp warp, Batch batch, RandomStream random)
    {
        RcnnRegions[] regions = [.. batch.Targets.Select(t => new RcnnRegions(
            RcnnDetector.Corners(t.Boxes), [.. t.Labels.cpu().data<long>().ToArray().Select(l => (int)l)],
            RcnnDetector.Corners(t.Proposals ?? throw new RcnnException("rcnn takes its regions from outside; set data.proposals.method or data.proposals.file"))))];
        List<(int Image, int Region, int Label)> samples = FineTuneSampler.Draw(regions, config.Model.Rcnn.Sampling, random);
        using DisposeScope scope = NewDisposeScope();
        var losses = new LossParts();
        if (samples.Count == 0)
        {
            // No region in any image: nothing to learn from, but a loss that has gradients.
            losses.Add("loss_classifier", network.parameters().First(p => p.requires_grad).sum().mul(0));
            return losses.MoveToOuterScope();
        }

        var crops = new List<Tensor>();
        var labels = new List<long>();
        foreach (var image in samples.GroupBy(s => s.Image))
        {
            crops.Add(warp.Apply(RcnnDetector.Image(batch.Images[image.Key]), [.. image.Select(s => regions[s.Image].Boxes[s.Region])]));
            labels.AddRange(image.Select(s => (long)s.Label));
        }

        Device device = ComputeDevice.Holder(network);
        Tensor all = Engine.ChannelsLast(cat(crops, 0)).to(device);
        losses.Add("loss_classifier", nn.functional.cross_entropy(network.call(all), tensor(labels.ToArray(), device: device)));
        return losses.MoveToOuterScope();
    }

    private static RunSummary FineTune(
        TrainConfig config, IDetectionDataset train, RunFolder folder, RcnnNetwork network, ProposalSource proposals, ITrainingObserver? observer, CancellationToken cancellation)
    {
        RegionWarp warp = RcnnDetector.Warp(config.Model);
        observer?.Message("fine-tuning on warped regions");
        return TrainingRun.Execute(
            config, train, null, folder, network,
            (batch, random) => Loss(config, network, warp, batch, random),
            (_, _) => throw new InvalidOperationException("fine-tuning has no validation"),
            file => Initialize(network, file), observer, cancellation, proposals);
    }

    /// <summary>A checkpoint of the network as it came.</summary>
    private static RunSummary KeepWeights(TrainConfig config, IDetectionDataset train, RunFolder folder, RcnnNetwork network, ITrainingObserver? observer)
    {
        using IDisposable exclusive = folder.Lock();
        ResumeCheck.SameWork(folder.Config, config, folder.Directory);
        if (folder.LatestCheckpoint() is null)
        {
            if (config.Init is { } file)
            {
                string loaded = Initialize(network, file);
                observer?.Message(loaded);
            }

            RunEnvironment.Write(folder, train, null, 0);
            using var trainer = new Trainer(network, (_, _) => throw new InvalidOperationException("no step without fine-tuning"), config);
            Checkpoint.Write(folder.CheckpointFolder(0), trainer, new CheckpointState());
        }

        return new RunSummary(folder.Directory, RunOutcome.Completed, 0, 0, TimeSpan.Zero, double.NaN, new Dictionary<string, double>(), null);
    }

    private static RcnnMachines Fit(
        TrainConfig config, IDetectionDataset train, RunFolder folder, RcnnNetwork network, ProposalSource proposals, string checkpoint, ITrainingObserver? observer, CancellationToken cancellation)
    {
        RcnnConfig rcnn = config.Model.Rcnn;
        bool svm = rcnn.Classifier == "svm";
        if (!svm && !rcnn.BoxRegression)
        {
            return new RcnnMachines([], [], 1);
        }

        var reader = new SampleReader(train, new LoaderOptions { MaxSide = config.Data.MaxSide, Proposals = proposals });
        observer?.Message($"proposals of {train.Count} images");
        RcnnRegions[] images = [.. Enumerable.Range(0, train.Count).Select(i =>
        {
            cancellation.ThrowIfCancellationRequested();
            Sample sample = reader.Read(0, i);
            observer?.Evaluating(i + 1, train.Count);
            return new RcnnRegions(sample.Boxes, sample.Labels, sample.Proposals!);
        })];
        int[] starts = [0, .. images.Select(r => r.Boxes.Length)];
        for (int i = 1; i < starts.Length; i++)
        {
            starts[i] += starts[i - 1];
        }

        bool twoLayers = rcnn.Layer != "pool";
        int layerWidth = network.LayerWidth, poolWidth = network.PoolWidth;
        using var cache = FeatureCache.Open(
            Path.Combine(folder.Directory, FeatureFile), Key(config, train, checkpoint, starts), layerWidth + (twoLayers ? poolWidth : 0), starts[^1], train.Count);
        Fill(config, reader, network, images, starts, cache, observer, cancellation);
        FeatureRow layer = i => cache.Row(i)[..layerWidth], pool = i => cache.Row(i)[^poolWidth..];
        double layerScale = Scale(layer, starts[^1], rcnn.Svm.FeatureNorm), poolScale = Scale(pool, starts[^1], rcnn.Svm.FeatureNorm);
        FitState fit = FitState.Open(Path.Combine(folder.Directory, FitState.FileName), FitKey(config, train, checkpoint, starts, images), observer is null ? null : observer.Message);
        LinearMachine[] machines = [];
        if (svm)
        {
            observer?.Message($"machines of {train.ClassNames.Count} classes on {starts[^1]} regions");
            var mining = new NegativeMining(layer, images, train.ClassNames.Count, layerWidth, layerScale, rcnn.Svm, new RandomStream(config.Seed, "svm"));
            if (fit.Mining is { } before)
            {
                mining.State = before;
                observer?.Message($"they go on behind image {mining.Done} of {rcnn.Svm.Epochs * images.Length}");
            }

            machines = mining.Run((done, total) => observer?.Evaluating(done, total), cancellation, Keep);
            observer?.Message("trainings and negatives: " + string.Join(", ", mining.Work.Select((w, c) => $"{train.ClassNames[c]} {w.Trainings}, {w.Negatives}")));
            Keep();

            void Keep()
            {
                fit.Mining = mining.State;
                fit.Write();
            }
        }

        for (int label = fit.Boxes.Count + 1; rcnn.BoxRegression && label <= train.ClassNames.Count; label++)
        {
            observer?.Message($"box regression of {train.ClassNames[label - 1]}");
            fit.Boxes.Add(Ridge(label));
            fit.Write();
        }

        return new RcnnMachines(machines, [.. fit.Boxes], poolScale);

        BoxRidge Ridge(int label)
        {
            cancellation.ThrowIfCancellationRequested();
            List<int> samples = [];
            List<double[]> targets = [];
            for (int i = 0; i < images.Length; i++)
            {
                for (int r = 0; r < images[i].Boxes.Length; r++)
                {
                    (int index, double iou) = images[i].Best(r);
                    if (index >= 0 && images[i].Labels[index] == label && iou > rcnn.Box.MinIou)
                    {
                        samples.Add(starts[i] + r);
                        targets.Add(BoxRidge.Target(images[i].Boxes[r], images[i].Objects[index]));
                    }
                }
            }

            return BoxRidge.Fit(pool, samples, targets, poolWidth, poolScale, rcnn.Box, cancellation);
        }
    }

    private static void Fill(
        TrainConfig config, SampleReader reader, RcnnNetwork network, RcnnRegions[] images, int[] starts, FeatureCache cache, ITrainingObserver? observer, CancellationToken cancellation)
    {
        observer?.Message($"features of {starts[^1]} regions");
        RegionWarp warp = RcnnDetector.Warp(config.Model);
        int chunk = config.Model.Rcnn.Chunk;
        for (int i = 0; i < images.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!cache.Has(i))
            {
                RgbImage image = reader.Read(0, i).Image;
                Box[] boxes = images[i].Boxes;
                var values = new float[boxes.Length * cache.Width];
                for (int first = 0; first < boxes.Length; first += chunk)
                {
                    Box[] part = boxes[first..Math.Min(first + chunk, boxes.Length)];
                    (float[] pool, float[] layer, _) = RcnnDetector.Compute(network, warp, image, part);
                    for (int r = 0; r < part.Length; r++)
                    {
                        Span<float> row = values.AsSpan((first + r) * cache.Width, cache.Width);
                        layer.AsSpan(r * network.LayerWidth, network.LayerWidth).CopyTo(row);
                        pool.AsSpan(r * network.PoolWidth, network.PoolWidth).CopyTo(row[^network.PoolWidth..]);
                    }
                }

                cache.Store(i, starts[i], values);
            }

            observer?.Evaluating(i + 1, images.Length);
        }
    }

    private static void WriteState(string checkpoint, CheckpointState state) => DurableFile.WriteText(Path.Combine(checkpoint, Checkpoint.StateFile), ConfigJson.Write(state));

    private static CheckpointState Measure(
        TrainConfig config, IDetectionDataset validation, RunFolder folder, RcnnDetector detector, ProposalSource proposals, string checkpoint, CheckpointState state, ITrainingObserver? observer,
        CancellationToken cancellation)
    {
        using (detector)
        {
            IReadOnlyDictionary<string, double> metrics =
                EvaluationRun.Execute(detector, validation, EvaluationOptions.For(config) with { Proposals = proposals }, observer, cancellation).Metrics;
            using (MetricsLog log = MetricsLog.Open(folder.MetricsFile, state.Step))
            {
                log.Append("eval", state.Step, metrics);
            }

            state = state with { Metrics = new Dictionary<string, double>(metrics), MeasuredStep = state.Step };
            if (state.BestStep is null || metrics[config.BestMetric] > state.BestValue)
            {
                state = state with { BestStep = state.Step, BestValue = metrics[config.BestMetric] };
            }

            WriteState(checkpoint, state);
            observer?.Evaluated(state.Step, metrics);
            return state;
        }
    }

    private static double Scale(FeatureRow row, int count, double norm)
    {
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += Math.Sqrt(LinearSvm.SquaredNorm(row(i)));
        }

        return sum > 0 ? norm * count / sum : 1;
    }

    /// <summary>Of everything the features depend on: weights, data, regions, warp and layer.</summary>
    private static byte[] Key(TrainConfig config, IDetectionDataset train, string checkpoint, int[] starts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(Path.Combine(checkpoint, Checkpoint.WeightsFile)));
        hash.AppendData(Encoding.UTF8.GetBytes(train.Fingerprint() + ConfigJson.Write(config.Model) + ConfigJson.Write(config.Data with { Proposals = config.Data.Proposals with { File = null } })));
        hash.AppendData([.. starts.SelectMany(BitConverter.GetBytes)]);
        return hash.GetHashAndReset();
    }

    /// <summary>Of everything machines and regressions depend on: what the features do, the regions themselves and the seed.</summary>
    private static byte[] FitKey(TrainConfig config, IDetectionDataset train, string checkpoint, int[] starts, RcnnRegions[] images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Key(config, train, checkpoint, starts));
        hash.AppendData(BitConverter.GetBytes(config.Seed));
        foreach (RcnnRegions image in images)
        {
            hash.AppendData(MemoryMarshal.AsBytes(image.Boxes.AsSpan()));
        }

        return hash.GetHashAndReset();
    }

    private static string Initialize(RcnnNetwork network, string file)
    {
        using DisposeScope scope = NewDisposeScope();
        (int loaded, IReadOnlyList<string> left) = network.Load(WeightFile.Read(file), file);
        return string.Join("; ", [$"{file}: {loaded} tensors loaded", .. left]);
    }
}
