using FsCheck;
using FsCheck.Fluent;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BoxOpsTests
{
    [Fact]
    public void Iou_TwoSquaresSharingAQuarter_IsOneSeventh()
    {
        float[] iou = Inputs.Floats(BoxOps.Iou(Inputs.BoxTensor([0, 0, 2, 2]), Inputs.BoxTensor([1, 1, 3, 3, 0, 0, 2, 2, 5, 5, 6, 6])));
        Assert.Equal([1f / 7, 1f, 0f], iou);
    }

    [Fact]
    public void GeneralizedIou_ApartSquares_CountsTheGap()
    {
        // Hull 3×1, union 2: 0 − 1/3.
        float[] giou = Inputs.Floats(BoxOps.GeneralizedIou(Inputs.BoxTensor([0, 0, 1, 1]), Inputs.BoxTensor([2, 0, 3, 1])));
        Assert.Equal(-1f / 3, giou[0], 6);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 7, 2)]
    [InlineData(70, 16, 3)]
    [InlineData(65, 41, 4)]
    public void Overlaps_EqualTheOracle(int n, int m, long seed)
    {
        var random = new RandomStream(seed);
        float[] a = Inputs.Boxes(random, n), b = Inputs.Boxes(random, m);
        float[] iou = Inputs.Floats(BoxOps.Iou(Inputs.BoxTensor(a), Inputs.BoxTensor(b)));
        float[] giou = Inputs.Floats(BoxOps.GeneralizedIou(Inputs.BoxTensor(a), Inputs.BoxTensor(b)));
        for (int i = 0; i < n * m; i++)
        {
            Assert.Equal(Oracle.Iou(a.AsSpan(4 * (i / m), 4), b.AsSpan(4 * (i % m), 4)), iou[i], 1e-5);
            Assert.Equal(Oracle.GeneralizedIou(a.AsSpan(4 * (i / m), 4), b.AsSpan(4 * (i % m), 4)), giou[i], 1e-5);
        }
    }

    // Values of torchvision 0.14.1's distance_box_iou and complete_box_iou, float32.
    [Fact]
    public void DistanceAndCompleteIou_EqualTorchvision()
    {
        Tensor a = Inputs.BoxTensor([0, 0, 4, 2, 1, 1, 5, 9, 0, 0, 3, 3, 2, 2, 6, 6]), b = Inputs.BoxTensor([1, 0, 5, 4, 1, 2, 4, 9, 5, 6, 9, 7, 2, 2, 6, 6]);
        Inputs.Close(
            [0.2845528721809387, -0.21134020388126373, -0.42500001192092896, -0.1805555522441864, 0.24054983258247375, 0.6499999761581421, -0.142578125, 0.3108614385128021,
             0.2548138499259949, -0.10382915288209915, -0.42500001192092896, -0.1319444328546524, 0.1488020122051239, 0.21505126357078552, -0.2060810774564743, 1],
            Inputs.Floats(BoxOps.DistanceIou(a, b)), 1e-6);
        Inputs.Close(
            [0.2820686995983124, -0.2446344941854477, -0.42536842823028564, -0.18224501609802246, 0.2380656599998474, 0.6499943137168884, -0.21232537925243378, 0.3083772659301758,
             0.2548138499259949, -0.10731686651706696, -0.4375274181365967, -0.1319444328546524, 0.1488020122051239, 0.21065273880958557, -0.21860848367214203, 1],
            Inputs.Floats(BoxOps.CompleteIou(a, b)), 1e-6);
    }

    [Fact]
    public void Iou_OfHugeBoxes_IsNaNOnceTheAreaOverflows()
    {
        // Areas overflow float32: inf/inf, as torchvision gives; sides of 1e18 still fit.
        Tensor huge = Inputs.BoxTensor([-1e30f, -1e30f, 1e30f, 1e30f, 0, 0, 1e18f, 1e18f, float.NegativeInfinity, 0, float.PositiveInfinity, 1]);
        float[] iou = Inputs.Floats(BoxOps.Iou(huge, huge));
        Assert.True(float.IsNaN(iou[0]));
        Assert.Equal(1f, iou[4]);
        Assert.True(float.IsNaN(iou[8]));
    }

    [Fact]
    public void Iou_OfTransposedAndOffsetViews_EqualsThatOfCopies()
    {
        Tensor columns = tensor(Inputs.Boxes(new RandomStream(6), 20), [20, 4]).t().contiguous().t();
        Assert.False(columns.is_contiguous());
        Tensor everySecond = columns.slice(0, 1, 20, 2);
        Assert.Equal(Inputs.Floats(BoxOps.CompleteIou(everySecond.contiguous(), columns.contiguous())), Inputs.Floats(BoxOps.CompleteIou(everySecond, columns)));
        Assert.Equal(Inputs.Floats(BoxOps.Area(everySecond.contiguous())), Inputs.Floats(BoxOps.Area(everySecond)));
    }

    [Fact]
    public void Iou_OfBoxesWithoutArea_IsNaN_AndOfNaNBoxes()
    {
        float[] iou = Inputs.Floats(BoxOps.Iou(Inputs.BoxTensor([1, 1, 1, 1]), Inputs.BoxTensor([1, 1, 1, 1, 0, 0, 2, 2, float.NaN, 0, 2, 2])));
        Assert.Equal([float.NaN, 0f, float.NaN], iou);
    }

    [Fact]
    public void Iou_Empty_HasAnEmptyShape()
    {
        Assert.Equal([0L, 2L], BoxOps.Iou(zeros([0, 4]), zeros([2, 4])).shape);
        Assert.Equal([2L, 0L], BoxOps.Iou(zeros([2, 4]), zeros([0, 4])).shape);
    }

    [Fact]
    public void Iou_OfViews_EqualsThatOfCopies()
    {
        Tensor wide = tensor(Inputs.Boxes(new RandomStream(5), 24), [12, 8]);
        Tensor view = wide.narrow(1, 2, 4);
        Assert.False(view.is_contiguous());
        Assert.Equal(Inputs.Floats(BoxOps.Iou(view.contiguous(), view.contiguous())), Inputs.Floats(BoxOps.Iou(view, view)));
    }

    [Fact]
    public void Iou_IsSymmetricAndUnmovedByTranslation()
    {
        Prop.ForAll(Arb.From(Gen.Choose(1, 1_000_000)), seed =>
        {
            var random = new RandomStream(seed);
            float[] a = Inputs.Boxes(random, 5), b = Inputs.Boxes(random, 9);
            Tensor there = BoxOps.Iou(Inputs.BoxTensor(a), Inputs.BoxTensor(b)), back = BoxOps.Iou(Inputs.BoxTensor(b), Inputs.BoxTensor(a));
            Tensor moved = BoxOps.Iou(Inputs.BoxTensor(a).add(64), Inputs.BoxTensor(b).add(64));
            return Inputs.Floats(there).SequenceEqual(Inputs.Floats(back.t()))
                && Inputs.Floats(there).Zip(Inputs.Floats(moved)).All(p => Math.Abs(p.First - p.Second) < 1e-4);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(BoxFormat.Corners, BoxFormat.CenterSize, new float[] { 2, 3, 6, 9 }, new float[] { 4, 6, 4, 6 })]
    [InlineData(BoxFormat.CenterSize, BoxFormat.Corners, new float[] { 4, 6, 4, 6 }, new float[] { 2, 3, 6, 9 })]
    [InlineData(BoxFormat.Corners, BoxFormat.CornerSize, new float[] { 2, 3, 6, 9 }, new float[] { 2, 3, 4, 6 })]
    [InlineData(BoxFormat.CornerSize, BoxFormat.CenterSize, new float[] { 2, 3, 4, 6 }, new float[] { 4, 6, 4, 6 })]
    public void Convert_KnownBox(BoxFormat from, BoxFormat to, float[] box, float[] expected)
    {
        Tensor input = Inputs.BoxTensor(box);
        Assert.Equal(expected, Inputs.Floats(BoxOps.Convert(input, from, to)));
        Assert.Equal(box, Inputs.Floats(input));
    }

    [Fact]
    public void Clip_ReachesWidthAndHeight_NotOneLess() =>
        Assert.Equal([0f, 0, 20, 10, 3, 4, 5, 6], Inputs.Floats(BoxOps.Clip(Inputs.BoxTensor([-5, -1, 25, 11, 3, 4, 5, 6]), (10, 20))));

    [Fact]
    public void KeepLarge_TakesSidesThatReachTheLimit_AndNoInvertedOrNaNBox() =>
        Assert.Equal([0L], Inputs.Longs(BoxOps.KeepLarge(Inputs.BoxTensor([0, 0, 2, 2, 0, 0, 1.9f, 5, 5, 5, 1, 1, 0, 0, float.NaN, 5]), 2)));

    [Fact]
    public void Area_OfAnInvertedBox_FollowsTheFormula() => Assert.Equal([6f, -2f], Inputs.Floats(BoxOps.Area(Inputs.BoxTensor([0, 0, 2, 3, 2, 0, 0, 1]))));

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("boxes [N,4] expected, got [12,5]", Assert.Throws<ArgumentException>(() => BoxOps.Area(zeros([12, 5]))).Message);
        Assert.Contains("boxes1 of Float32 expected, got Float64", Assert.Throws<ArgumentException>(() => BoxOps.Iou(zeros([2, 4], float64), zeros([2, 4]))).Message);
    }
}
