using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Matching by kernel, with the results of the CPU's path, to the bit.</summary>
internal static class MatcherCuda
{
    private const int Threads = 256;

    /// <param name="anchors">[A,4], or null with <paramref name="quality"/></param>
    /// <param name="truths">[G,4], or null with <paramref name="quality"/></param>
    /// <param name="quality">[G,A], or null</param>
    public static Tensor Match(IKernelLauncher launcher, Tensor? anchors, Tensor? truths, Tensor? quality, float extra, float high, float low, bool rescue)
    {
        if (quality is null)
        {
            KernelTensor.Float32(anchors!, nameof(anchors), anchors!, -1, 4);
            KernelTensor.Float32(truths!, nameof(truths), anchors!, -1, 4);
        }
        else
        {
            KernelTensor.Float32(quality, nameof(quality), quality, -1, -1);
        }

        Device device = (quality ?? anchors!).device;
        long count = quality is null ? anchors!.shape[0] : quality.shape[1], truthCount = quality is null ? truths!.shape[0] : quality.shape[0];
        Tensor matches = full([count], Matcher.BelowLow, int64, device);
        if (count == 0 || truthCount == 0)
        {
            return matches;
        }

        using var scope = NewDisposeScope();
        Tensor? a = anchors?.contiguous(), t = truths?.contiguous(), q = quality?.contiguous();
        Tensor best = empty([count], int32, device), value = empty([count], float32, device), top = zeros([truthCount], int32, device);
        launcher.Launch(new("match", "match_best"), KernelGrid.Over(count, Threads), Threads, a, t, q, (int)count, (int)truthCount, extra, best, value, top);
        launcher.Launch(new("match", "match_decide"), KernelGrid.Over(count, Threads), Threads, a, t, q, (int)count, (int)truthCount, extra, best, value, top, high, low, rescue, matches);
        return matches;
    }
}
