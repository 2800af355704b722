using Rcnn.Ops.Cuda;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Limits of the last step.</summary>
/// <param name="ScoreThreshold">A detection scores above this.</param>
/// <param name="NmsThreshold">IoU above which the lower score of a class goes.</param>
/// <param name="DetectionsPerImage">The best over all classes.</param>
/// <param name="MinSize">Lowest side length in pixels, inclusive.</param>
/// <param name="Extent">Inclusive, as in py-faster-rcnn: clipped to [0, W − 1] × [0, H − 1], sides one longer in the filter and in the IoU of NMS. How codes are decoded is
/// the coder's own extent.</param>
public sealed record DetectionLimits(
    double ScoreThreshold = 0.05, double NmsThreshold = 0.5, int DetectionsPerImage = 100, double MinSize = 1e-2, BoxExtent Extent = BoxExtent.HalfOpen);

/// <summary>Detections of one image by falling score: [n,4] float32 boxes inside the image, [n] float32 probabilities, [n] int64 labels 1 … C.</summary>
public sealed record ScoredDetections(Tensor Boxes, Tensor Scores, Tensor Labels) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Boxes.Dispose();
        Scores.Dispose();
        Labels.Dispose();
    }
}

/// <summary>How logits become scores.</summary>
public enum ClassScores
{
    /// <summary>The classes and background exclude each other.</summary>
    Softmax,

    /// <summary>Each class by itself; the background's logit is not read.</summary>
    Sigmoid,
}

/// <summary>
/// From the second stage's outputs to detections: softmax over classes, each class's box decoded and clipped, background and improbable ones dropped, NMS per class, the best over
/// all classes (Girshick 2015, §2; limits as torchvision). Only boxes above the score threshold are decoded. No gradient passes through.
/// </summary>
public static unsafe class BoxPostProcess
{
    /// <param name="logits">[R,C+1] float32; column 0 is background</param>
    /// <param name="codes">[R,4·(C+1)] float32, or [R,4] shared by all classes</param>
    /// <param name="proposals">Per image, [n,4] float32; Σ n = R</param>
    /// <param name="imageSizes">Height and width of each image in the same coordinates</param>
    /// <param name="coder">Decodes.</param>
    /// <param name="limits">How many and how good.</param>
    /// <param name="scores">As the logits were trained.</param>
    /// <returns>One entry an image</returns>
    /// <exception cref="ArgumentException">Other shapes or types.</exception>
    public static IReadOnlyList<ScoredDetections> Run(Tensor logits, Tensor codes, IReadOnlyList<Tensor> proposals,
        IReadOnlyList<(int Height, int Width)> imageSizes, BoxCoder coder, DetectionLimits limits,
        ClassScores scores = ClassScores.Softmax)
    {
        if (KernelLauncher.For(logits) is { } launcher)
        {
            return BoxPostProcessCuda.Run(launcher, logits, codes, proposals, imageSizes, coder, limits, scores);
        }

        if (CpuDetour.Needed(logits))
        {
            using var scope = NewDisposeScope();
            Tensor[] inputs = CpuDetour.Fetch([logits, codes, .. proposals]);
            return [.. Run(inputs[0], inputs[1], inputs[2..], imageSizes, coder, limits, scores).Select(r =>
                new ScoredDetections(CpuDetour.Back(r.Boxes, logits.device), CpuDetour.Back(r.Scores, logits.device), CpuDetour.Back(r.Labels, logits.device)))];
        }

        OperatorInput.Matrix(logits, nameof(logits), "[R,C+1]");
        OperatorInput.Matrix(codes, nameof(codes), "[R,4·(C+1)]");
        long rows = logits.shape[0], classes = logits.shape[1];
        if (codes.shape[0] != rows || (codes.shape[1] != 4 * classes && codes.shape[1] != 4))
        {
            throw new ArgumentException($"codes [{rows},{4 * classes}] or [{rows},4] expected, got {OperatorInput.Shape(codes)}", nameof(codes));
        }

        if (imageSizes.Count != proposals.Count)
        {
            throw new ArgumentException($"{proposals.Count} image sizes expected, got {imageSizes.Count}", nameof(imageSizes));
        }

        OperatorInput.Positive(limits.DetectionsPerImage, nameof(limits.DetectionsPerImage));
        for (int i = 0; i < proposals.Count; i++)
        {
            OperatorInput.Boxes(proposals[i], $"proposals[{i}]");
        }

        long[] counts = proposals.Select(p => p.shape[0]).ToArray();
        if (counts.Sum() != rows)
        {
            throw new ArgumentException($"{rows} proposals expected, got {string.Join(" + ", counts)}", nameof(proposals));
        }

        using Tensor l = logits.contiguous();
        using Tensor d = codes.contiguous();
        var result = new ScoredDetections[proposals.Count];
        long first = 0;
        for (int i = 0; i < result.Length; i++)
        {
            using Tensor p = proposals[i].contiguous();
            var source = new Source((float*)Engine.Pointer(l) + first * classes, (float*)Engine.Pointer(d) + first * codes.shape[1], (float*)Engine.Pointer(p),
                (int)counts[i], (int)classes, (int)codes.shape[1]);
            result[i] = Image(source, imageSizes[i], coder, limits, scores);
            first += counts[i];
        }

        return result;
    }

    private static ScoredDetections Image(in Source s, (int Height, int Width) size, BoxCoder coder, DetectionLimits limits, ClassScores kind)
    {
        List<float> boxes = [], scores = [];
        List<long> labels = [];
        float extra = limits.Extent.Extra();
        using var memory = new Scratch<float>(s.Classes + 4);
        float* probability = memory.Pointer, box = memory.Pointer + s.Classes;
        for (int r = 0; r < s.Rows; r++)
        {
            if (kind == ClassScores.Sigmoid)
            {
                Sigmoid(s.Logits + (long)r * s.Classes, s.Classes, probability);
            }
            else
            {
                Softmax(s.Logits + (long)r * s.Classes, s.Classes, probability);
            }

            for (int c = 1; c < s.Classes; c++)
            {
                if (!(probability[c] > (float)limits.ScoreThreshold))
                {
                    continue;
                }

                coder.Decode(s.Codes + (long)r * s.CodeColumns + (s.CodeColumns == 4 ? 0 : 4 * c), s.Proposals + 4L * r, box);
                BoxOps.Clip(box, size, extra);
                if (BoxOps.IsLarge(box, (float)limits.MinSize, extra))
                {
                    boxes.AddRange(new ReadOnlySpan<float>(box, 4));
                    scores.Add(probability[c]);
                    labels.Add(c);
                }
            }
        }

        float[] allBoxes = [.. boxes], allScores = [.. scores];
        long[] allLabels = [.. labels];
        using var keep = new Scratch<int>(allScores.Length);
        int kept;
        fixed (float* b = allBoxes, v = allScores)
        fixed (long* c = allLabels)
        {
            kept = BatchedNms.Run(b, v, c, allScores.Length, limits.NmsThreshold, limits.DetectionsPerImage, keep.Pointer, extra);
        }

        var keptBoxes = new float[4 * kept];
        var keptScores = new float[kept];
        var keptLabels = new long[kept];
        for (int i = 0; i < kept; i++)
        {
            int k = keep.Pointer[i];
            allBoxes.AsSpan(4 * k, 4).CopyTo(keptBoxes.AsSpan(4 * i));
            (keptScores[i], keptLabels[i]) = (allScores[k], allLabels[k]);
        }

        return new ScoredDetections(tensor(keptBoxes, float32).reshape(kept, 4), tensor(keptScores, float32), tensor(keptLabels, int64));
    }

    private static void Softmax(float* logits, int count, float* output)
    {
        float max = logits[0], sum = 0;
        for (int i = 1; i < count; i++)
        {
            max = MathF.Max(max, logits[i]);
        }

        for (int i = 0; i < count; i++)
        {
            output[i] = MathF.Exp(logits[i] - max);
            sum += output[i];
        }

        for (int i = 0; i < count; i++)
        {
            output[i] /= sum;
        }
    }

    private static void Sigmoid(float* logits, int count, float* output)
    {
        for (int i = 0; i < count; i++)
        {
            output[i] = 1f / (1f + MathF.Exp(-logits[i]));
        }
    }

    private readonly struct Source(float* logits, float* codes, float* proposals, int rows, int classes, int codeColumns)
    {
        public readonly float* Logits = logits, Codes = codes, Proposals = proposals;
        public readonly int Rows = rows, Classes = classes, CodeColumns = codeColumns;
    }
}
