using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Detections by kernel: softmax, then every class of every RoI decoded, clipped and filtered in one launch an image. The host waits twice an image: for the number of candidates
/// and for that of detections.</summary>
internal static class BoxPostProcessCuda
{
    public static IReadOnlyList<ScoredDetections> Run(IKernelLauncher launcher, Tensor logits, Tensor codes, IReadOnlyList<Tensor> proposals,
        IReadOnlyList<(int Height, int Width)> imageSizes, BoxCoder coder, DetectionLimits limits, ClassScores scores)
    {
        KernelTensor.Float32(logits, nameof(logits), logits, -1, -1);
        long rows = logits.shape[0], classes = logits.shape[1];
        KernelTensor.Float32(codes, nameof(codes), logits, rows, codes.dim() == 2 && codes.shape[1] == 4 ? 4 : 4 * classes);
        OperatorInput.Positive(limits.DetectionsPerImage, nameof(limits.DetectionsPerImage));
        if (imageSizes.Count != proposals.Count)
        {
            throw new ArgumentException($"{proposals.Count} image sizes expected, got {imageSizes.Count}", nameof(imageSizes));
        }

        for (int i = 0; i < proposals.Count; i++)
        {
            KernelTensor.Float32(proposals[i], $"proposals[{i}]", logits, -1, 4);
        }

        if (proposals.Sum(p => p.shape[0]) != rows)
        {
            throw new ArgumentException($"{rows} proposals expected, got {string.Join(" + ", proposals.Select(p => p.shape[0]))}", nameof(proposals));
        }

        using var scope = NewDisposeScope();
        Tensor l = logits.detach().contiguous(), d = codes.detach().contiguous();
        Tensor probabilities = scores == ClassScores.Sigmoid ? l.sigmoid() : Softmax(launcher, l);
        var result = new ScoredDetections[proposals.Count];
        long first = 0;
        for (int i = 0; i < result.Length; i++)
        {
            long own = proposals[i].shape[0];
            result[i] = Image(launcher, probabilities.narrow(0, first, own), d.narrow(0, first, own), proposals[i].contiguous(), imageSizes[i], coder, limits);
            first += own;
        }

        return result;
    }

    private static Tensor Softmax(IKernelLauncher launcher, Tensor logits)
    {
        Tensor probabilities = empty_like(logits);
        launcher.Launch(new("boxes", "boxes_softmax"), KernelGrid.Over(logits.shape[0], 64), 64, logits, (int)logits.shape[0], (int)logits.shape[1], probabilities);
        return probabilities;
    }

    private static ScoredDetections Image(IKernelLauncher launcher, Tensor probabilities, Tensor codes, Tensor proposals, (int Height, int Width) size, BoxCoder coder, DetectionLimits limits)
    {
        long rows = probabilities.shape[0], classes = probabilities.shape[1];
        Tensor boxes = empty([rows * classes, 4], float32, probabilities.device), valid = empty([rows * classes], uint8, probabilities.device);
        (float x, float y, float width, float height, float clip, float codeExtra) = coder.Parameters;
        float extra = limits.Extent.Extra();
        launcher.Launch(new("boxes", "boxes_detections"), KernelGrid.Over(rows * classes, BoxesCuda.Threads), BoxesCuda.Threads,
            probabilities, codes, proposals, (int)rows, (int)classes, (int)codes.shape[1], size.Height, size.Width, x, y, width, height, clip, codeExtra,
            extra, (float)limits.MinSize, (float)limits.ScoreThreshold, boxes, valid);
        Tensor candidates = valid.nonzero().squeeze(1);
        Tensor ownBoxes = boxes.index_select(0, candidates), scores = probabilities.flatten().index_select(0, candidates), labels = candidates.remainder(classes);
        (Tensor keep, Tensor count) = NmsCuda.Select(launcher, ownBoxes, scores, labels, null, limits.NmsThreshold, limits.DetectionsPerImage, extra);
        Tensor kept = keep.narrow(0, 0, count.to(int64).item<long>());
        return new ScoredDetections(ownBoxes.index_select(0, kept).MoveToOuterDisposeScope(), scores.index_select(0, kept).MoveToOuterDisposeScope(),
            labels.index_select(0, kept).MoveToOuterDisposeScope());
    }
}
