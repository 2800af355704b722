using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Evaluation;
using Rcnn.Core.Models;
using Rcnn.Core.Training;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Runs;

/// <summary>Detects on a dataset and measures the result. The command line, training and scripts all come through here.</summary>
public static class EvaluationRun
{
    /// <summary>Evaluates the best checkpoint of a run; writes detections.json and evaluation.json into its folder.</summary>
    /// <param name="folder">The run.</param>
    /// <param name="data">What to measure on; its classes must be the run's.</param>
    /// <param name="metric">coco, voc07 or voc.</param>
    /// <param name="observer">Told of progress; may be null.</param>
    /// <param name="cancellation">Stops without writing anything.</param>
    /// <param name="change">What to do otherwise than the run's configuration says; may be null.</param>
    public static EvaluationSummary Execute(
        RunFolder folder, IDetectionDataset data, string metric = "coco", ITrainingObserver? observer = null, CancellationToken cancellation = default,
        Func<EvaluationOptions, EvaluationOptions>? change = null)
    {
        if (folder.Config.Data.Classes.Length > 0 && !folder.Config.Data.Classes.SequenceEqual(data.ClassNames))
        {
            throw new RcnnException(
                $"{data.Name}: its classes ({string.Join(", ", data.ClassNames)}) are not those that {folder.Directory} was trained on ({string.Join(", ", folder.Config.Data.Classes)})");
        }

        string checkpoint = folder.BestCheckpoint();
        observer?.Message($"weights: {checkpoint}");
        using ProposalSource? proposals = ProposalSources.Open(folder.Config.Data.Proposals, folder.Directory);
        EvaluationOptions options = EvaluationOptions.For(folder.Config) with { Metric = metric, Proposals = proposals };
        options = change?.Invoke(options) ?? options;
        using IDetector detector = folder.OpenDetector(checkpoint, options.Device);
        EvaluationSummary summary = Execute(detector, data, options, observer, cancellation);
        DurableFile.Write(folder.DetectionsFile, path => DetectionFile.Write(path, summary.Detections));
        DurableFile.WriteText(folder.EvaluationFile, ConfigJson.Write(
            new { data = data.Name, summary.Metric, checkpoint = Path.GetFileName(checkpoint), options.Augmentation, options.Svd, summary.Metrics }));
        return summary;
    }

    /// <summary>Evaluates a detector; the model is left in evaluation mode.</summary>
    public static EvaluationSummary Execute(
        IDetector detector, IDetectionDataset data, EvaluationOptions options, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        List<DetectionRow> rows = Detect(detector, data, options, observer, cancellation);
        return new EvaluationSummary(data.Name, options.Metric, DetectionMetrics.Compute(options.Metric, data, rows, detector.HasMasks), rows);
    }

    /// <summary>All detections, in pixels of the images as stored.</summary>
    public static List<DetectionRow> Detect(
        IDetector detector, IDetectionDataset data, EvaluationOptions options, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        Engine.Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        detector.eval();
        using IDisposable? truncated = options.Svd?.ApplyTo(detector, text => observer?.Message(text));
        DetectImages detect = TestTimeAugmentation.Around(detector, options.Augmentation);
        using var loader = new BatchLoader(data, new LoaderOptions
        {
            BatchSize = 1,
            Shuffle = false,
            FlipProbability = 0,
            MaxSide = options.MaxSide,
            Proposals = options.Proposals,
            CacheBytes = (long)options.CacheMegabytes << 20,
            Workers = options.Workers,
            Prefetch = 4,
        });
        var rows = new List<DetectionRow>();
        MaskPasteConvention paste = BoxSettings.Paste(detector.Config.Output);
        int done = 0;
        foreach (Batch batch in loader.Epoch(0, 0, cancellation))
        {
            using (batch)
            using (inference_mode())
            using (NewDisposeScope())
            {
                IReadOnlyList<Detections> found = detect(
                    batch.Images, batch.Targets[0].Proposals is null ? null : [.. batch.Targets.Select(t => t.Proposals!)]);
                for (int i = 0; i < found.Count; i++)
                {
                    Add(rows, found[i], data, batch.Indices[i], batch.Images[i].shape, paste);
                }

                done += found.Count;
            }

            observer?.Evaluating(done, data.Count);
        }

        return rows;
    }

    private static void Add(List<DetectionRow> rows, Detections found, IDetectionDataset data, int index, long[] loaded, MaskPasteConvention paste)
    {
        ImageRecord image = data[index];
        foreach (BoxLabel b in DetectionDrawing.Boxes(found, new(image.Height, image.Width), paste, new((int)loaded[0], (int)loaded[1])))
        {
            rows.Add(new DetectionRow(
                image.Id, data.CategoryIds[b.Label - 1], b.Box.X1, b.Box.Y1, b.Box.X2 - b.Box.X1, b.Box.Y2 - b.Box.Y1, b.Score!.Value, b.Mask as Rle));
        }
    }
}

/// <summary>What an evaluation found.</summary>
/// <param name="Data">Name of the dataset.</param>
/// <param name="Metric">coco, voc07 or voc.</param>
/// <param name="Metrics">Name → value in 0..1; −1 where the data has no object of that kind.</param>
/// <param name="Detections">All detections, in image order.</param>
public sealed record EvaluationSummary(string Data, string Metric, IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<DetectionRow> Detections);
