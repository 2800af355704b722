using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BoxConventionTests
{
    // The table in py-faster-rcnn's generate_anchors, which counts pixels from 1.
    private static readonly float[] Matlab =
    [
        -83, -39, 100, 56, -175, -87, 192, 104, -359, -183, 376, 200, -55, -55, 72, 72, -119, -119, 136, 136, -247, -247, 264, 264,
        -35, -79, 52, 96, -79, -167, 96, 184, -167, -343, 184, 360,
    ];

    [Fact]
    public void Caffe2015Anchors_AreTheKnownNine()
    {
        var generator = new AnchorGenerator([[128, 256, 512]], [0.5, 1, 2], AnchorConvention.Caffe2015);
        Assert.Equal(Matlab.Select(v => v - 1), Inputs.Floats(generator.CellAnchors(0)));
        float[] grid = Inputs.Floats(generator.Grid([16], [(1, 2)]));
        Assert.Equal([-84f, -40, 99, 55, -68, -40, 115, 55], (float[])[.. grid[..4], .. grid[36..40]]);
    }

    [Fact]
    public void Detectron2Anchors_AreTheFormula_SizeMajor()
    {
        float[] anchors = Inputs.Floats(new AnchorGenerator([[32, 64]], [0.5, 1, 2], AnchorConvention.Detectron2).CellAnchors(0));
        var expected = new List<double>();
        foreach (double size in (double[])[32, 64])
        {
            foreach (double ratio in (double[])[0.5, 1, 2])
            {
                double w = Math.Sqrt(size * size / ratio), h = ratio * w;
                expected.AddRange([-w / 2, -h / 2, w / 2, h / 2]);
            }
        }

        Assert.Equal(expected.Select(v => (float)v), anchors);
        Assert.Equal([-22.627417f, -11.3137085f], anchors[..2]);
    }

    [Fact]
    public void AnchorAxes_SwitchOneAtATime()
    {
        var mixed = AnchorConvention.Torchvision with { Order = AnchorOrder.SizeMajor };
        float[] anchors = Inputs.Floats(new AnchorGenerator([[5, 10]], [1.0, 4.0], mixed).CellAnchors(0));
        Assert.Equal([-2f, -2, 2, 2, -1, -5, 1, 5], anchors[..8]);
        Assert.Contains("1 strides of at least 1 expected, got [0]", Assert.Throws<ArgumentException>(() => new AnchorGenerator([[8]], [1.0]).Grid([0], [(1, 1)])).Message);
    }

    [Fact]
    public void Inclusive_IouAreaClipAndSize_CountBothCorners()
    {
        // 3×3 pixels each, 2×2 shared: 4/14.
        Tensor a = Inputs.BoxTensor([0, 0, 2, 2]), b = Inputs.BoxTensor([1, 1, 3, 3]);
        Assert.Equal([4f / 14], Inputs.Floats(BoxOps.Iou(a, b, BoxExtent.Inclusive)));
        Assert.Equal([9f], Inputs.Floats(BoxOps.Area(a, BoxExtent.Inclusive)));
        Assert.Equal([0f, 0, 19, 9], Inputs.Floats(BoxOps.Clip(Inputs.BoxTensor([-5, -1, 25, 11]), (10, 20), BoxExtent.Inclusive)));
        Assert.Equal([0L], Inputs.Longs(BoxOps.KeepLarge(a, 3, BoxExtent.Inclusive)));
        Assert.Empty(Inputs.Longs(BoxOps.KeepLarge(a, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => BoxOps.Area(a, (BoxExtent)7));
    }

    [Theory]
    [InlineData(9, 1)]
    [InlineData(700, 2)]
    [InlineData(1500, 3)]
    public void Inclusive_EqualsHalfOpenOfBoxesOneLarger(int count, long seed)
    {
        // Whole coordinates: adding 1 to x2 and y2 is then exact.
        var random = new RandomStream(seed);
        float[] boxes = [.. Inputs.Boxes(random, count).Select(MathF.Floor)], grown = [.. boxes.Select((v, i) => i % 4 >= 2 ? v + 1 : v)];
        Tensor b = Inputs.BoxTensor(boxes), g = Inputs.BoxTensor(grown), scores = tensor(random.Permutation(count).Select(i => (float)i).ToArray());
        Tensor labels = tensor(Enumerable.Range(0, count).Select(i => (long)(i % 3)).ToArray());
        Tensor few = b.narrow(0, 0, Math.Min(count, 12)), fewGrown = g.narrow(0, 0, Math.Min(count, 12));
        Assert.Equal(Inputs.Floats(BoxOps.Iou(few, b, BoxExtent.Inclusive)), Inputs.Floats(BoxOps.Iou(fewGrown, g)));
        Assert.Equal(Inputs.Longs(Nms.Run(g, scores, 0.4)), Inputs.Longs(Nms.Run(b, scores, 0.4, BoxExtent.Inclusive)));
        Assert.Equal(Inputs.Longs(Nms.Batched(g, scores, labels, 0.4)), Inputs.Longs(Nms.Batched(b, scores, labels, 0.4, BoxExtent.Inclusive)));
        using SoftNmsResult soft = SoftNms.Run(g, scores, SoftNmsDecay.Linear()), softInclusive = SoftNms.Run(b, scores, SoftNmsDecay.Linear(), extent: BoxExtent.Inclusive);
        Assert.Equal(Inputs.Longs(soft.Keep), Inputs.Longs(softInclusive.Keep));
        foreach (bool rescue in (bool[])[false, true])
        {
            Assert.Equal(Inputs.Longs(new Matcher(0.5, 0.2, rescue).Match(g, fewGrown)), Inputs.Longs(new Matcher(0.5, 0.2, rescue, BoxExtent.Inclusive).Match(b, few)));
        }
    }

    [Fact]
    public void Inclusive_BoxOfOnePixel_HasAnIou()
    {
        Tensor pixel = Inputs.BoxTensor([3, 3, 3, 3]);
        Assert.Equal([1f], Inputs.Floats(BoxOps.Iou(pixel, pixel, BoxExtent.Inclusive)));
        Assert.Equal([0L], Inputs.Longs(new Matcher(0.7, 0.3, true, BoxExtent.Inclusive).Match(pixel, pixel)));
    }

    [Fact]
    public void Coder_Inclusive_MeasuresBothCorners_AndDecodesOneLarger()
    {
        // 4×4 at centre 2 and 8×4 at centre 6: as (0,0,3,3) and (2,0,9,3).
        var coder = new BoxCoder(clip: BoxCoder.NoClip, extent: BoxExtent.Inclusive);
        Tensor proposal = Inputs.BoxTensor([0, 0, 3, 3]), reference = Inputs.BoxTensor([2, 0, 9, 3]);
        Tensor code = coder.Encode(reference, proposal);
        Inputs.Close([1, 0, Math.Log(2), 0], Inputs.Floats(code), 1e-6);
        Inputs.Close([2, 0, 10, 4], Inputs.Floats(coder.Decode(code, proposal)), 1e-5);
    }

    [Fact]
    public void Coder_NoClip_GrowsWithoutLimit()
    {
        float[] box = Inputs.Floats(new BoxCoder(clip: BoxCoder.NoClip).Decode(tensor(new float[] { 0, 0, 7, 0 }, [1, 4]), Inputs.BoxTensor([0, 0, 2, 2])));
        Assert.Equal(2 * Math.Exp(7), box[2] - box[0], 1e-2);
        Assert.Contains("got NaN", Assert.Throws<ArgumentException>(() => new BoxCoder(clip: double.NaN)).Message);
    }

    [Fact]
    public void Ties_HigherIndexFirst_ReversesEqualScoresOnly()
    {
        Tensor boxes = Inputs.BoxTensor([0, 0, 1, 1, 5, 5, 6, 6, 5, 5, 6, 6, 9, 9, 10, 10]), scores = tensor(new[] { 0.9f, 0f, -0f, 0.9f });
        Assert.Equal([0L, 3, 1], Inputs.Longs(Nms.Run(boxes, scores, 0.5)));
        Assert.Equal([3L, 0, 2], Inputs.Longs(Nms.Run(boxes, scores, 0.5, ties: TieOrder.HigherIndexFirst)));
        Assert.Equal([3L, 0, 2], Inputs.Longs(Nms.Batched(boxes, scores, ones([4], int64), 0.5, ties: TieOrder.HigherIndexFirst)));
    }
}
