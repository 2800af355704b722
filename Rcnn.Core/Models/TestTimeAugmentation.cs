using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>
/// A detector that looks at scaled and mirrored copies of each image: what it finds in them, back in the pixels of the image, is fused within each class
/// (<see cref="TestAugmentation.Fusion"/>). With a mask branch, the masks of the fused boxes are the mean of those that the copies give for them.
/// One copy has nothing to fuse: its detections come as they are.
/// </summary>
public sealed class TestTimeAugmentation
{
    private readonly TwoStageDetector _detector;
    private readonly TestAugmentation _options;
    private readonly (double Scale, bool Mirrored)[] _copies;

    /// <exception cref="RcnnException">A setting out of range.</exception>
    public TestTimeAugmentation(TwoStageDetector detector, TestAugmentation options)
    {
        options.Validate(detector.Config);
        (_detector, _options) = (detector, options);
        _copies = [.. options.Scales.SelectMany(s => options.Flip ? new[] { (s, false), (s, true) } : [(s, false)])];
    }

    /// <summary>How a detector of any kind is asked: through its copies, or as it is when there is one plain copy.</summary>
    /// <exception cref="RcnnException">A setting out of range, or copies for a detector that takes its image as it is. Exit code 2.</exception>
    public static DetectImages Around(IDetector detector, TestAugmentation options)
    {
        if (detector is TwoStageDetector twoStage)
        {
            return new TestTimeAugmentation(twoStage, options).Detect;
        }

        return options is { Scales: [1.0], Flip: false }
            ? detector.Detect
            : throw RcnnException.Usage($"{detector.Config.Assembly} looks at an image once, in its own size: no scales and no flip expected");
    }

    /// <summary><see cref="TwoStageDetector.Detect"/> over all copies. At most as many detections an image as the detector gives; a fused score may be below its threshold.</summary>
    /// <param name="images">uint8 [H,W,3] or float32 [3,H,W] each.</param>
    /// <param name="external">Proposals from outside, [P,4] float32 for each image in its pixels; scaled and mirrored with it.</param>
    /// <exception cref="ArgumentException">No proposals, and no proposal network to make them.</exception>
    public IReadOnlyList<Detections> Detect(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external = null)
    {
        if (_options.Fusion == "pyramid")
        {
            return new ImagePyramid(_detector, _options.Scales).Detect(images, external);
        }

        if (_copies is [(var only, false)])
        {
            return _detector.Detect(images, external, only);
        }

        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        List<Detections>[] found = [.. images.Select(_ => new List<Detections>())];
        foreach ((double scale, bool mirrored) in _copies)
        {
            IReadOnlyList<Detections> copy = _detector.Detect(
                [.. images.Select(i => mirrored ? Mirror(i) : i)], external?.Count == images.Count ? [.. external.Select((b, i) => mirrored ? Mirror(b, Width(images[i])) : b)] : external, scale);
            for (int i = 0; i < images.Count; i++)
            {
                found[i].Add(copy[i] with { Boxes = mirrored ? Mirror(copy[i].Boxes, Width(images[i])) : copy[i].Boxes, Masks = null });
            }
        }

        DetectorConfig config = _detector.Config;
        IReadOnlyList<Detections> fused = [.. found.Select(f => Fuse(f, _options, config.Output, Extent(config)))];
        fused = _detector.Regions.Mask is { } mask ? Segment(mask, images, fused) : fused;
        return [.. fused.Select(f => f.MoveToOuterScope())];
    }

    /// <summary>
    /// How far detections reach that have left the network: as they were suppressed there (<see cref="OutputConfig.SelectionExtent"/>), but half-open where
    /// <see cref="InputConfig.Corners"/> has given them their last pixel back already.
    /// </summary>
    internal static BoxExtent Extent(DetectorConfig config) =>
        config.Input.Corners == "inclusive" ? BoxExtent.HalfOpen : BoxSettings.Extent("model.output.selectionExtent", config.Output.SelectionExtent);

    /// <summary>Detections of several copies of one image, in its pixels, as one; masks are left out.</summary>
    internal static Detections Fuse(IReadOnlyList<Detections> copies, TestAugmentation options, OutputConfig output, BoxExtent extent = BoxExtent.HalfOpen)
    {
        using var scope = NewDisposeScope();
        if (extent == BoxExtent.Inclusive)
        {
            // The overlap of inclusive boxes is that of half-open ones that end a pixel later.
            Tensor pixel = tensor(new float[] { 0, 0, 1, 1 });
            Detections wide = Fuse([.. copies.Select(c => c with { Boxes = c.Boxes.add(pixel) })], options, output);
            return (wide with { Boxes = wide.Boxes.sub(pixel) }).MoveToOuterScope();
        }

        Detections all = options.Fusion switch
        {
            "nms" => Nms(copies, options.Threshold ?? output.NmsThreshold, output.DetectionsPerImage),
            "soft-nms" => Soft(copies, SoftNmsDecay.Linear(options.Threshold ?? 0.3)),
            _ => Weighted(copies, options.Threshold ?? 0.55),
        };
        long count = Math.Min(all.Count, output.DetectionsPerImage);
        return new Detections(all.Boxes.narrow(0, 0, count).clone(), all.Scores.narrow(0, 0, count).clone(), all.Labels.narrow(0, 0, count).clone()).MoveToOuterScope();
    }

    private static Detections Nms(IReadOnlyList<Detections> copies, double threshold, int limit)
    {
        FusedDetections fused = MultiScaleNms.Run([.. copies.Select(c => new ScaleDetections(c.Boxes, c.Scores, c.Labels))], threshold, limit);
        return new Detections(fused.Boxes, fused.Scores, fused.Labels);
    }

    private static Detections Soft(IReadOnlyList<Detections> copies, SoftNmsDecay decay)
    {
        Tensor boxes = cat([.. copies.Select(c => c.Boxes)], 0), labels = cat([.. copies.Select(c => c.Labels)], 0);
        SoftNmsResult kept = SoftNms.Batched(boxes, cat([.. copies.Select(c => c.Scores)], 0), labels, decay);
        return new Detections(boxes.index_select(0, kept.Keep), kept.Scores, labels.index_select(0, kept.Keep));
    }

    private static Detections Weighted(IReadOnlyList<Detections> copies, double threshold)
    {
        ScoredDetections fused = WeightedBoxFusion.Run([.. copies.Select(c => new ScoredDetections(c.Boxes, c.Scores, c.Labels))], threshold);
        return new Detections(fused.Boxes, fused.Scores, fused.Labels);
    }

    /// <summary>The masks of <paramref name="detections"/>, the mean over the copies. The maps are computed once more, not kept: they are larger than everything else.</summary>
    private IReadOnlyList<Detections> Segment(MaskBranch mask, IReadOnlyList<Tensor> images, IReadOnlyList<Detections> detections)
    {
        var sums = new Tensor?[images.Count];
        foreach ((double scale, bool mirrored) in _copies)
        {
            using var scope = NewDisposeScope();
            ImageBatch batch = _detector.Transform.Batch([.. images.Select(i => mirrored ? Mirror(i) : i)], scale, _detector.Device);
            Detections[] there = [.. detections.Select((d, i) => d with
            {
                Boxes = _detector.Transform.ToBatch(mirrored ? Mirror(d.Boxes, Width(images[i])) : d.Boxes, batch, i),
                Labels = d.Labels.to(_detector.Device),
            })];
            IReadOnlyList<Detections> segmented = mask.Segment(_detector.Regions.Pooled(_detector.Backbone.call(batch.Pixels)), there, batch);
            for (int i = 0; i < images.Count; i++)
            {
                Tensor masks = segmented[i].Masks!.cpu(), own = mirrored ? masks.flip(3) : masks;
                sums[i] = sums[i]?.add_(own) ?? own.clone().MoveToOuterDisposeScope();
            }
        }

        return [.. detections.Select((d, i) => d with { Masks = sums[i]!.div(_copies.Length) })];
    }

    private static long Width(Tensor image) => image.dtype == ScalarType.Byte ? image.shape[1] : image.shape[2];

    private static Tensor Mirror(Tensor image) => image.flip(image.dtype == ScalarType.Byte ? 1 : 2);

    // (x1,y1,x2,y2) to (W − x2, y1, W − x1, y2).
    private static Tensor Mirror(Tensor boxes, long width)
    {
        using Tensor factors = tensor(new[] { -1f, 1f, -1f, 1f }, device: boxes.device);
        using Tensor offsets = tensor(new[] { (float)width, 0f, (float)width, 0f }, device: boxes.device);
        using Tensor order = tensor(new long[] { 2, 1, 0, 3 }, device: boxes.device);
        using Tensor swapped = boxes.index_select(1, order);
        return swapped.mul(factors).add(offsets);
    }
}
