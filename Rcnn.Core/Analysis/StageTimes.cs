using System.Diagnostics;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;
using static TorchSharp.torch;

namespace Rcnn.Core.Analysis;

/// <summary>
/// Where the time of a test image goes, as the papers split it: proposals, features, heads on regions, the rest (resize, decode boxes, NMS, masks). Means over images, milliseconds.
/// </summary>
/// <param name="Proposals">Stage 1: proposal network and its NMS, or the method from outside.</param>
/// <param name="Features">The backbone, with its pyramid.</param>
/// <param name="Regions">Pooling and heads.</param>
/// <param name="Rest">Input transform and output.</param>
public sealed record StageTimes(double Proposals, double Features, double Regions, double Rest)
{
    public double Total => Proposals + Features + Regions + Rest;

    /// <summary>
    /// Detects on the first <paramref name="images"/> images, after one to warm up, one at a time, stage by stage as <see cref="TwoStageDetector.Detect"/> does. R-CNN has its features region by
    /// region, so all behind the proposals counts as regions.
    /// </summary>
    /// <param name="method">For a detector without a proposal network; computed afresh, no cache.</param>
    /// <param name="limit">Regions of the method that are looked at, the first ones.</param>
    /// <exception cref="ArgumentException">A detector without a proposal network, and no method.</exception>
    public static StageTimes Measure(IDetector detector, IDetectionDataset data, int maxSide, int images, IProposalMethod? method = null, int limit = int.MaxValue)
    {
        if (detector.Config.Assembly is "fast-rcnn" or "rcnn" && method is null)
        {
            throw new ArgumentException($"{detector.Config.Assembly} needs a proposal method", nameof(method));
        }

        detector.eval();
        var reader = new SampleReader(data, new LoaderOptions { MaxSide = maxSide });
        int count = Math.Min(images, data.Count);
        Span<double> sums = stackalloc double[4];
        for (int i = -1; i < count; i++)
        {
            using var scope = NewDisposeScope();
            using IDisposable inference = inference_mode();
            RgbImage image = reader.Read(0, Math.Max(0, i)).Image;
            Tensor pixels = tensor(image.Pixels, [image.Height, image.Width, 3], dtype: uint8);
            StageTimes times = detector is TwoStageDetector network ? Stages(network, image, pixels, method, limit) : Whole(detector, image, pixels, method!, limit);
            if (i >= 0)
            {
                sums[0] += times.Proposals;
                sums[1] += times.Features;
                sums[2] += times.Regions;
                sums[3] += times.Rest;
            }
        }

        return new StageTimes(sums[0] / count, sums[1] / count, sums[2] / count, sums[3] / count);
    }

    private static StageTimes Stages(TwoStageDetector detector, RgbImage image, Tensor pixels, IProposalMethod? method, int limit)
    {
        long start = Stopwatch.GetTimestamp();
        ImageBatch batch = detector.Transform.Batch([pixels], device: detector.Device);
        double rest = Lap(ref start, detector);
        IReadOnlyList<Tensor> maps = detector.Backbone.call(batch.Pixels);
        double features = Lap(ref start, detector);
        IReadOnlyList<Tensor> proposals = detector.Config.Assembly == "fast-rcnn"
            ? [detector.Transform.ToBatch(BatchLoader.Corners([.. method!.Propose(image).Take(limit)]), batch, 0)]
            : Network(detector, maps, batch);
        double stage1 = Lap(ref start, detector);
        RegionPrediction regions = detector.Regions.Predict(maps, proposals, batch);
        double stage2 = Lap(ref start, detector);
        IReadOnlyList<Detections> found = detector.Output.Run(regions, proposals, batch);
        if (detector.Regions.Mask is { } mask)
        {
            _ = mask.Segment(detector.Regions.Pooled(maps), found, batch);
        }

        return new StageTimes(stage1, features, stage2, rest + Lap(ref start, detector));
    }

    private static StageTimes Whole(IDetector detector, RgbImage image, Tensor pixels, IProposalMethod method, int limit)
    {
        long start = Stopwatch.GetTimestamp();
        Tensor proposals = BatchLoader.Corners([.. method.Propose(image).Take(limit)]);
        double stage1 = Lap(ref start);
        _ = detector.Detect([pixels], [proposals]);
        return new StageTimes(stage1, 0, Lap(ref start), 0);
    }

    private static IReadOnlyList<Tensor> Network(TwoStageDetector detector, IReadOnlyList<Tensor> maps, ImageBatch batch)
    {
        RpnPrediction prediction = detector.Rpn.call(maps);
        return detector.Rpn.Propose(prediction, batch, train: false);
    }

    /// <summary>A GPU is behind its host: the time counts when it is done.</summary>
    private static double Lap(ref long start, TwoStageDetector detector)
    {
        if (detector.Device.type == TorchSharp.DeviceType.CUDA)
        {
            cuda.synchronize();
        }

        return Lap(ref start);
    }

    private static double Lap(ref long start)
    {
        long now = Stopwatch.GetTimestamp();
        double milliseconds = Stopwatch.GetElapsedTime(start, now).TotalMilliseconds;
        start = now;
        return milliseconds;
    }
}
