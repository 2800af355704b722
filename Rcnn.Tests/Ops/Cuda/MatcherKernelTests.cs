using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

public sealed class MatcherKernelTests
{
    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(300, 7, true)]
    [InlineData(300, 7, false)]
    [InlineData(515, 300, true)]
    public void Match_Quality_EqualsTheOracle(int anchors, int truths, bool rescue)
    {
        // Few distinct values: many ties, and gts whose best is 0.
        var random = new RandomStream(anchors + truths);
        float[] quality = [.. Enumerable.Range(0, anchors * truths).Select(i => i / anchors % 5 == 4 ? 0 : random.NextInt(11) / 10f)];
        long[] expected = Oracle.Match(quality, truths, anchors, 0.7f, 0.3f, rescue);
        foreach (ulong seed in KernelCheck.Seeds)
        {
            using IDisposable kernels = HostKernels.Use(seed);
            Assert.Equal(expected, Inputs.Longs(new Matcher(0.7, 0.3, rescue).Match(tensor(quality, [truths, anchors]))));
        }
    }

    [Theory]
    [InlineData(700, 9, BoxExtent.HalfOpen)]
    [InlineData(700, 150, BoxExtent.Inclusive)]
    public void Match_Boxes_EqualsTheCpuPath(int anchors, int truths, BoxExtent extent)
    {
        var random = new RandomStream(truths);
        float[] a = Inputs.Boxes(random, anchors), t = Inputs.Boxes(random, truths);
        // A gt far from everything, one met exactly, and repeated ones.
        (t[0], t[1], t[2], t[3]) = (1e6f, 1e6f, 1e6f + 1, 1e6f + 1);
        a.AsSpan(40, 4).CopyTo(t.AsSpan(4));
        t.AsSpan(8, 4).CopyTo(t.AsSpan(12));
        var matcher = new Matcher(0.5, 0.3, true, extent);
        Tensor anchorBoxes = Inputs.BoxTensor(a), truthBoxes = Inputs.BoxTensor(t);
        KernelCheck.SameBits(() => [matcher.Match(anchorBoxes, truthBoxes)], "match_best", "match_decide");
    }

    [Fact]
    public void Match_OddBoxes_EqualsTheCpuPath()
    {
        float nan = float.NaN, inf = float.PositiveInfinity;
        float[] odd = [5, 5, 5, 5, 5, 5, 5, 5, nan, 0, 1, 1, 9, 9, 2, 2, 0, 0, inf, inf, 0, 0, 10, 10, -1, -1, -5, 4, 0, 0, 4, 4];
        Tensor boxes = tensor(odd, [8, 4]);
        foreach (bool rescue in (bool[])[true, false])
        {
            var matcher = new Matcher(0.5, 0.3, rescue);
            KernelCheck.SameBits(() => [matcher.Match(boxes, boxes), matcher.Match(boxes, boxes[7..]), matcher.Match(boxes[5..], boxes[3..4]), matcher.Match(BoxOps.Iou(boxes, boxes).sub(0.2f))]);
        }
    }

    [Fact]
    public void Match_NoTruthsOrNoAnchors_GivesBackground()
    {
        using IDisposable kernels = HostKernels.Use();
        var matcher = new Matcher(0.7, 0.3, true);
        Assert.Equal([-1L, -1], Inputs.Longs(matcher.Match(ones([2, 4]), zeros([0, 4]))));
        Assert.Equal(0, matcher.Match(zeros([0, 4]), ones([2, 4])).numel());
    }
}
