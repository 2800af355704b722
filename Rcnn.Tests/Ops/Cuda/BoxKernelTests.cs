using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>Codes, overlaps, anchors, proposals and detections, beside the CPU's path.</summary>
public sealed class BoxKernelTests
{
    [Theory]
    [InlineData(BoxExtent.HalfOpen)]
    [InlineData(BoxExtent.Inclusive)]
    public void CodesAndOverlaps_EqualTheCpuPath(BoxExtent extent)
    {
        var random = new RandomStream(1);
        float nan = float.NaN;
        Tensor a = Inputs.BoxTensor([.. Inputs.Boxes(random, 300), 5, 5, 5, 5, nan, 0, 1, 1, 9, 9, 2, 2]), b = Inputs.BoxTensor([.. Inputs.Boxes(random, 300), 5, 5, 5, 5, 0, 0, 1, 1, 9, 9, 2, 2]);
        Tensor codes = tensor([.. Inputs.Gaussian(random, 303 * 8 - 4), nan, 1e9f, -1e9f, 3], [303, 8]);
        var coder = new BoxCoder([10, 10, 5, 5], null, extent);
        KernelCheck.SameBits(() => [BoxOps.Iou(a, b, extent), BoxOps.GeneralizedIou(a, b), BoxOps.Iou(a[..0], b)], "boxes_overlaps");
        KernelCheck.Close(() => [coder.Encode(a[..300], b[..300]), coder.Decode(codes, a), new BoxCoder(null, BoxCoder.NoClip).Decode(codes[..300], a[..300])], 1e-6, 1e-6, "boxes_encode", "boxes_decode");
    }

    [Fact]
    public void Anchors_EqualTheCpuPath()
    {
        var generator = new AnchorGenerator([[32, 40], [64, 80]], [0.5, 1, 2]);
        KernelCheck.SameBits(() => [generator.Grid((100, 130), [(13, 17), (7, 9)]), .. generator.GridPerLevel((100, 130), [(13, 17), (7, 9)])], "boxes_anchors");
    }

    [Theory]
    [InlineData(50, int.MaxValue, BoxExtent.HalfOpen)]
    [InlineData(3000, int.MaxValue, BoxExtent.HalfOpen)]
    [InlineData(3000, 20, BoxExtent.HalfOpen)]
    [InlineData(50, int.MaxValue, BoxExtent.Inclusive)]
    [InlineData(3000, 20, BoxExtent.Inclusive)]
    public void Proposals_EqualTheCpuPath(int preNms, int perLevel, BoxExtent extent)
    {
        var random = new RandomStream(preNms);
        var generator = new AnchorGenerator([[16], [32]], [0.5, 1, 2]);
        (int, int)[] grids = [(20, 24), (10, 12)], sizes = [(160, 190), (150, 192)];
        IReadOnlyList<Tensor> anchors = generator.GridPerLevel((160, 192), grids);
        Tensor[] logits = [.. anchors.Select(a => tensor([.. Enumerable.Range(0, 2 * (int)a.shape[0]).Select(_ => random.NextInt(200) / 40f - 3)], [2, a.shape[0]]))];
        Tensor[] codes = [.. anchors.Select(a => tensor(Inputs.Gaussian(random, 8 * a.shape[0]), [2, a.shape[0], 4]))];
        var limits = new ProposalLimits(preNms, 100, 0.6, 0.2, 6, perLevel, extent);
        KernelCheck.Close(() => Both(RpnProposals.Select(logits, codes, anchors, new BoxCoder(extent: extent), sizes, limits)), 0, 0, "boxes_proposals", "nms_reduce");
        Tensor all = cat(codes, 1).mul(40), scores = cat(logits, 1);
        KernelCheck.Close(() => Both(RpnProposals.Filter(all, scores, [.. anchors.Select(a => (int)a.shape[0])], sizes, limits)), 0, 0, "boxes_proposals");
    }

    [Theory]
    [InlineData(3, BoxExtent.HalfOpen)]
    [InlineData(40, BoxExtent.HalfOpen)]
    [InlineData(3, BoxExtent.Inclusive)]
    public void Detections_EqualTheCpuPath(int classes, BoxExtent extent)
    {
        var random = new RandomStream(classes);
        Tensor logits = tensor(Inputs.Gaussian(random, 150 * classes), [150, classes]).mul(3), codes = tensor(Inputs.Gaussian(random, 150 * classes * 4), [150, 4 * classes]);
        Tensor[] proposals = [Inputs.BoxTensor(Inputs.Boxes(random, 90)), Inputs.BoxTensor(Inputs.Boxes(random, 0)), Inputs.BoxTensor(Inputs.Boxes(random, 60))];
        (int, int)[] sizes = [(80, 100), (10, 10), (70, 90)];
        foreach (Tensor c in (Tensor[])[codes, codes[.., ..4]])
        {
            KernelCheck.Close(
                () => BoxPostProcess.Run(logits, c, proposals, sizes, new BoxCoder([10, 10, 5, 5], extent: extent), new DetectionLimits(DetectionsPerImage: 50, Extent: extent)).SelectMany(d => new[] { d.Boxes, d.Scores, d.Labels }),
                0, 0, "boxes_softmax", "boxes_detections", "nms_reduce");
        }
    }

    [Fact]
    public void HardExamples_EqualTheCpuPath()
    {
        var random = new RandomStream(2);
        Tensor boxes = Inputs.BoxTensor(Inputs.Boxes(random, 200)), loss = tensor([.. Enumerable.Range(0, 199).Select(_ => random.NextInt(30) / 10f), float.NaN]);
        KernelCheck.SameBits(() => [HardExamples.Top(loss, 64), HardExamples.Top(loss, 500), HardExamples.TopAfterNms(boxes, loss, 40, 0.5), HardExamples.TopAfterNms(boxes[..0], loss[..0], 5)]);
    }

    private static IEnumerable<Tensor> Both(IReadOnlyList<ScoredProposals> proposals) => proposals.SelectMany(p => new[] { p.Boxes, p.Scores });
}
