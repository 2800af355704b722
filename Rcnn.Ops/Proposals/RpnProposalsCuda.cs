using System.Globalization;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Proposals by kernel: one launch a level decodes, clips and filters the best anchors of all images. The host waits once, for the numbers of proposals.</summary>
internal static class RpnProposalsCuda
{
    public static IReadOnlyList<ScoredProposals> Filter(IKernelLauncher launcher, Tensor proposals, Tensor objectness, IReadOnlyList<int> anchorsPerLevel,
        IReadOnlyList<(int Height, int Width)> imageSizes, ProposalLimits limits, IReadOnlyList<double>? scales)
    {
        KernelTensor.Float32(objectness, nameof(objectness), objectness, -1, -1);
        KernelTensor.Float32(proposals, nameof(proposals), objectness, objectness.shape[0], objectness.shape[1], 4);
        if (anchorsPerLevel.Sum(n => (long)n) != objectness.shape[1])
        {
            throw new ArgumentException($"levels of {objectness.shape[1]} anchors in all expected, got [{string.Join(", ", anchorsPerLevel)}]", nameof(anchorsPerLevel));
        }

        using var scope = NewDisposeScope();
        var levels = new Level[anchorsPerLevel.Count];
        long first = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            levels[i] = new Level(objectness.narrow(1, first, anchorsPerLevel[i]).contiguous(), proposals.narrow(1, first, anchorsPerLevel[i]).contiguous(), null);
            first += anchorsPerLevel[i];
        }

        return Run(launcher, levels, new BoxCoder(), objectness.shape[0], imageSizes, limits, scales);
    }

    public static IReadOnlyList<ScoredProposals> Select(IKernelLauncher launcher, IReadOnlyList<Tensor> objectness, IReadOnlyList<Tensor> codes, IReadOnlyList<Tensor> anchors,
        BoxCoder coder, IReadOnlyList<(int Height, int Width)> imageSizes, ProposalLimits limits, IReadOnlyList<double>? scales)
    {
        using var scope = NewDisposeScope();
        long batch = imageSizes.Count;
        var levels = new Level[anchors.Count];
        for (int i = 0; i < levels.Length; i++)
        {
            KernelTensor.Float32(anchors[i], $"anchors[{i}]", objectness[0], -1, 4);
            long n = anchors[i].shape[0];
            levels[i] = new Level(
                Elements(objectness[i], $"objectness[{i}]", batch * n, objectness[0]).reshape(batch, n), Elements(codes[i], $"codes[{i}]", batch * n * 4, objectness[0]), anchors[i].contiguous());
        }

        return Run(launcher, levels, coder, batch, imageSizes, limits, scales);
    }

    private static Tensor Elements(Tensor t, string name, long expected, Tensor beside)
    {
        KernelTensor.Float32(t, name, beside, t.shape);
        return t.numel() == expected ? t.detach().contiguous() : throw new ArgumentException($"{name} of {expected} elements expected, got {OperatorInput.Shape(t)}", name);
    }

    private static ScoredProposals[] Run(IKernelLauncher launcher, Level[] levels, BoxCoder coder, long batch, IReadOnlyList<(int Height, int Width)> imageSizes, ProposalLimits limits, IReadOnlyList<double>? scales)
    {
        if (imageSizes.Count != batch)
        {
            throw new ArgumentException($"{batch} image sizes expected, got {imageSizes.Count}", nameof(imageSizes));
        }

        if (scales is not null && (scales.Count != batch || !scales.All(f => f > 0)))
        {
            throw new ArgumentException($"{batch} scales above 0 expected, got [{string.Join(", ", scales.Select(f => f.ToString(CultureInfo.InvariantCulture)))}]", nameof(scales));
        }

        OperatorInput.Positive(limits.PreNms, nameof(limits.PreNms));
        OperatorInput.Positive(limits.PostNms, nameof(limits.PostNms));
        OperatorInput.Positive(limits.PostNmsPerLevel, nameof(limits.PostNmsPerLevel));
        if (levels.Length == 0)
        {
            throw new ArgumentException("one level or more expected, got 0", nameof(levels));
        }

        Device device = levels[0].Logits.device;
        long capacity = levels.Sum(l => Math.Min(l.Logits.shape[1], limits.PreNms)), first = 0;
        Tensor sizes = tensor(imageSizes.SelectMany(s => new[] { s.Height, s.Width }).ToArray(), int32).to(device);
        Tensor boxes = empty([batch, capacity, 4], float32, device), scores = empty([batch, capacity], float32, device);
        Tensor classes = empty([batch, capacity], int64, device), valid = empty([batch, capacity], uint8, device);
        Tensor leastSides = tensor(imageSizes.Select((_, b) => (float)(limits.MinSize * (scales is null ? 1 : scales[b]))).ToArray()).to(device);
        (float x, float y, float width, float height, float clip, float codeExtra) = coder.Parameters;
        float extra = limits.Extent.Extra();
        for (int l = 0; l < levels.Length; l++)
        {
            (Tensor logits, Tensor source, Tensor? anchors) = levels[l];
            long count = logits.shape[1], taken = Math.Min(count, limits.PreNms);
            Tensor order = logits.sort(1, descending: true, stable: true).Indices.narrow(1, 0, taken).contiguous();
            launcher.Launch(new("boxes", "boxes_proposals"), KernelGrid.Over(batch * taken, BoxesCuda.Threads), BoxesCuda.Threads,
                order, logits, source, anchors, sizes, (int)batch, (int)taken, count, capacity, first, l, x, y, width, height, clip, codeExtra,
                extra, leastSides, (float)limits.ScoreThreshold, boxes, scores, classes, valid);
            first += taken;
        }

        bool perLevel = limits.PostNmsPerLevel < limits.PostNms;
        var kept = new (Tensor Keep, Tensor Count)[batch];
        for (int b = 0; b < batch; b++)
        {
            kept[b] = NmsCuda.Select(launcher, boxes[b], scores[b], classes[b], valid[b], limits.NmsThreshold, perLevel ? int.MaxValue : limits.PostNms, extra);
        }

        int[] counts = batch == 0 ? [] : [.. cat([.. kept.Select(k => k.Count)]).cpu().data<int>()];
        var result = new ScoredProposals[batch];
        for (int b = 0; b < batch; b++)
        {
            Tensor keep = kept[b].Keep.narrow(0, 0, counts[b]);
            if (perLevel)
            {
                keep = Thin(keep, classes[b], levels.Length, limits);
            }

            result[b] = new ScoredProposals(boxes[b].index_select(0, keep).MoveToOuterDisposeScope(), scores[b].index_select(0, keep).MoveToOuterDisposeScope());
        }

        return result;
    }

    // The first PostNmsPerLevel of each level, then the first PostNms of all.
    private static Tensor Thin(Tensor keep, Tensor classes, int levels, ProposalLimits limits)
    {
        Tensor level = classes.index_select(0, keep), stays = zeros_like(keep);
        for (int l = 0; l < levels; l++)
        {
            Tensor own = level.eq(l).to(int64);
            stays = stays.add(own.mul(own.cumsum(0).le(limits.PostNmsPerLevel).to(int64)));
        }

        Tensor chosen = stays.nonzero().squeeze(1);
        return keep.index_select(0, chosen.narrow(0, 0, Math.Min(chosen.shape[0], limits.PostNms)));
    }

    private readonly record struct Level(Tensor Logits, Tensor Source, Tensor? Anchors);
}
