using Rcnn.Core.Data;
using Rcnn.Core.Models.Input;
using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// R-CNN at test time (Girshick et al. 2014, §2.2): every proposal is warped and goes through the network by itself; each class scores all of them, corrects its boxes and suppresses overlaps.
/// Scores are 1/(1 + e^−m) of the margin m, so that 0.5 is the machine's boundary, or the softmax's probabilities.
/// </summary>
public sealed class RcnnDetector : IDetector
{
    private readonly RcnnNetwork _network;
    private readonly RcnnMachines _machines;
    private readonly RegionWarp _warp;
    private readonly double _threshold;

    internal RcnnDetector(DetectorConfig config, RcnnNetwork network, RcnnMachines machines)
    {
        (Config, _network, _machines) = (config, network, machines);
        _warp = Warp(config);
        _threshold = config.ScoreThreshold;
    }

    public DetectorConfig Config { get; }

    public bool HasMasks => false;

    public void eval() => _network.eval();

    public void Dispose() => _network.Dispose();

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">No proposals for each image, or an image that is not uint8 [H,W,3].</exception>
    public IReadOnlyList<Detections> Detect(IReadOnlyList<Tensor> images, IReadOnlyList<Tensor>? external = null)
    {
        if (external is null || external.Count != images.Count)
        {
            throw new ArgumentException($"proposals of {images.Count} images expected for rcnn, got {(external is null ? "none" : $"those of {external.Count}")}", nameof(external));
        }

        return [.. images.Select((image, i) => Detect(Image(image), Corners(external[i])))];
    }

    internal static RegionWarp Warp(DetectorConfig config) => new(config.Rcnn.WarpSize, config.Rcnn.Context, config.Input);

    internal static RgbImage Image(Tensor image) => image.dtype == ScalarType.Byte && image.dim() == 3 && image.shape[2] == 3
        ? new RgbImage((int)image.shape[0], (int)image.shape[1], image.cpu().data<byte>().ToArray())
        : throw new ArgumentException($"images of uint8 [H,W,3] expected for rcnn, got {image.dtype} [{string.Join(",", image.shape)}]", nameof(image));

    internal static Box[] Corners(Tensor boxes) => [.. boxes.cpu().data<float>().ToArray().Chunk(4).Select(b => new Box(b[0], b[1], b[2], b[3]))];

    private Detections Detect(RgbImage image, Box[] proposals)
    {
        RcnnConfig config = Config.Rcnn;
        int classes = Config.Classes - 1;
        List<(Box Box, float Score, long Label)> found = [];
        List<(Box Box, float Score)>[] perClass = [.. Enumerable.Range(0, classes).Select(_ => new List<(Box, float)>())];
        for (int first = 0; first < proposals.Length; first += config.Chunk)
        {
            Box[] part = proposals[first..Math.Min(first + config.Chunk, proposals.Length)];
            (float[] pool, float[] layer, float[] logits) = Compute(_network, _warp, image, part);
            for (int r = 0; r < part.Length; r++)
            {
                ReadOnlySpan<float> poolRow = pool.AsSpan(r * _network.PoolWidth, _network.PoolWidth);
                double[] scores = Scores(layer.AsSpan(r * _network.LayerWidth, _network.LayerWidth), logits.AsSpan(r * Config.Classes, Config.Classes));
                for (int c = 0; c < classes; c++)
                {
                    if (scores[c] > _threshold)
                    {
                        perClass[c].Add((Corrected(part[r], poolRow, c, image), (float)scores[c]));
                    }
                }
            }
        }

        for (int c = 0; c < classes; c++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor boxes = BatchLoader.Corners([.. perClass[c].Select(p => p.Box)]), scores = tensor(perClass[c].Select(p => p.Score).ToArray());
            foreach (long kept in Nms.Run(boxes, scores, Config.Output.NmsThreshold).data<long>().ToArray())
            {
                found.Add((perClass[c][(int)kept].Box, perClass[c][(int)kept].Score, c + 1));
            }
        }

        var top = found.OrderByDescending(f => f.Score).Take(Config.Output.DetectionsPerImage).ToList();
        return new Detections(BatchLoader.Corners([.. top.Select(f => f.Box)]), tensor(top.Select(f => f.Score).ToArray()), tensor(top.Select(f => f.Label).ToArray()));
    }

    /// <summary>Pooled map, layer and logits of regions, row by row.</summary>
    internal static (float[] Pool, float[] Layer, float[] Logits) Compute(RcnnNetwork network, RegionWarp warp, RgbImage image, IReadOnlyList<Box> boxes)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        (Tensor pool, Tensor layer, Tensor logits) = network.Features(warp.Apply(image, boxes).to(ComputeDevice.Holder(network)));
        float[] values = Values(pool);
        return (values, ReferenceEquals(layer, pool) ? values : Values(layer), Values(logits));

        static float[] Values(Tensor t) => t.cpu().contiguous().data<float>().ToArray();
    }

    private double[] Scores(ReadOnlySpan<float> layer, ReadOnlySpan<float> logits)
    {
        var scores = new double[logits.Length - 1];
        if (Config.Rcnn.Classifier == "softmax")
        {
            double top = logits[0], sum = 0;
            foreach (float v in logits)
            {
                top = Math.Max(top, v);
            }

            foreach (float v in logits)
            {
                sum += Math.Exp(v - top);
            }

            for (int c = 0; c < scores.Length; c++)
            {
                scores[c] = Math.Exp(logits[c + 1] - top) / sum;
            }

            return scores;
        }

        for (int c = 0; c < scores.Length; c++)
        {
            scores[c] = 1 / (1 + Math.Exp(-_machines.Machines[c].Margin(layer)));
        }

        return scores;
    }

    private Box Corrected(Box box, ReadOnlySpan<float> pool, int c, RgbImage image)
    {
        Box b = _machines.Boxes.Length == 0 ? box : BoxRidge.Apply(box, _machines.Boxes[c].Predict(pool, _machines.BoxScale));
        return new Box(Math.Clamp(b.X1, 0, image.Width), Math.Clamp(b.Y1, 0, image.Height), Math.Clamp(b.X2, 0, image.Width), Math.Clamp(b.Y2, 0, image.Height));
    }
}
