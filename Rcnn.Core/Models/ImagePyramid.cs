using Rcnn.Core.Models.Stage2Regions;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>
/// Detection in an image pyramid: each region from outside is pooled from that one of the scaled images in which its area is nearest to 224 × 224 pixels, the input of the
/// ImageNet networks, and every region is classified once. He et al. 2014 (SPPnet), §3.2; Girshick 2015, §2.4.
/// </summary>
internal sealed class ImagePyramid(TwoStageDetector detector, double[] scales)
{
    private const double Area = 224 * 224;

    /// <summary>As <see cref="TwoStageDetector.Detect"/>; with one scale, to the bit.</summary>
    /// <param name="images">uint8 [H,W,3] or float32 [3,H,W] each.</param>
    /// <param name="external">[P,4] float32 for each image in its pixels.</param>
    /// <exception cref="ArgumentException">No proposals for each image.</exception>
    public IReadOnlyList<Detections> Detect(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external = null)
    {
        if (external?.Count != images.Count)
        {
            throw detector.NoProposals(images.Count, external);
        }

        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        ImageBatch[] levels = [.. scales.Select(s => detector.Transform.Batch(images, s, detector.Device))];
        Tensor[][] boxes = [.. levels.Select(level => external.Select((b, i) => detector.Transform.ToBatch(b, level, i)).ToArray())];
        int[][] chosen = [.. images.Select((_, i) => Assign([.. boxes.Select(level => Areas(level[i]))]))];
        RegionPrediction regions = Predict(levels, boxes, chosen);
        // Codes are relative to their region, so that they mean the same at any scale; the first one's pixels serve for all.
        IReadOnlyList<Detections> found = detector.Output.Run(regions, boxes[0], levels[0]);
        return [.. found.Select((d, i) => new Detections(detector.Transform.ToImage(d.Boxes, levels[0], i), d.Scores.cpu(), d.Labels.cpu()).MoveToOuterScope())];
    }

    /// <summary>For each region, the scale whose area is nearest to 224²; of equally near ones the first.</summary>
    /// <param name="areas">Of the regions of one image, in the pixels of each scale.</param>
    internal static int[] Assign(double[][] areas) =>
        [.. Enumerable.Range(0, areas[0].Length).Select(region => Enumerable.Range(0, areas.Length).MinBy(scale => Math.Abs(areas[scale][region] - Area)))];

    private static double[] Areas(Tensor boxes)
    {
        using Tensor own = boxes.cpu();
        float[] v = own.data<float>().ToArray();
        return [.. Enumerable.Range(0, v.Length / 4).Select(i => ((double)v[(4 * i) + 2] - v[4 * i]) * ((double)v[(4 * i) + 3] - v[(4 * i) + 1]))];
    }

    /// <summary>What each scale says about its regions, in the order of the regions.</summary>
    private RegionPrediction Predict(ImageBatch[] levels, Tensor[][] boxes, int[][] chosen)
    {
        List<Tensor> logits = [], deltas = [];
        List<long> order = [];
        for (int level = 0; level < levels.Length; level++)
        {
            var mine = new Tensor[chosen.Length];
            long first = 0;
            int before = order.Count;
            for (int image = 0; image < chosen.Length; image++)
            {
                long[] rows = [.. Enumerable.Range(0, chosen[image].Length).Where(r => chosen[image][r] == level).Select(r => (long)r)];
                order.AddRange(rows.Select(r => first + r));
                first += chosen[image].Length;
                mine[image] = boxes[level][image].index_select(0, tensor(rows, device: detector.Device));
            }

            // Without any region the first scale answers, so that there is an answer.
            if (order.Count > before || (first == 0 && level == 0))
            {
                using var scope = NewDisposeScope();
                RegionPrediction part = detector.Regions.Predict(detector.Backbone.call(levels[level].Pixels), mine, levels[level]);
                logits.Add(part.Logits.MoveToOuterDisposeScope());
                deltas.Add(part.Deltas.MoveToOuterDisposeScope());
            }
        }

        var place = new long[order.Count];
        for (int i = 0; i < place.Length; i++)
        {
            place[order[i]] = i;
        }

        Tensor back = tensor(place, device: detector.Device);
        return new RegionPrediction(cat([.. logits], 0).index_select(0, back), cat([.. deltas], 0).index_select(0, back));
    }
}
