using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BackgroundRangeTests
{
    [Fact]
    public void Restrict_DropsNegativesBelowTheRange()
    {
        Tensor labels = tensor(new long[] { 0, 0, 0, 3, -1, 0 });
        Tensor overlaps = tensor(new float[] { 0.05f, 0.1f, 0.4f, 0.02f, 0.3f, float.NaN });
        Assert.Equal([-1L, 0, 0, 3, -1, -1], Inputs.Longs(BackgroundRange.Restrict(labels, overlaps, 0.1)));
        Assert.Equal([0L, 0, 0, 3, -1, 0], Inputs.Longs(labels));
    }

    [Fact]
    public void Restrict_WithoutAnyInTheRange_KeepsAll() =>
        Assert.Equal([0L, 1, 0], Inputs.Longs(BackgroundRange.Restrict(tensor(new long[] { 0, 1, 0 }), tensor(new float[] { 0, 0.7f, 0.05f }), 0.1)));

    [Fact]
    public void Restrict_Empty_AndWrongInput()
    {
        Assert.Equal([0L], BackgroundRange.Restrict(zeros([0], int64), zeros([0]), 0.1).shape);
        Assert.Contains("overlaps [3] expected, got [2]", Assert.Throws<ArgumentException>(() => BackgroundRange.Restrict(zeros([3], int64), zeros([2]), 0.1)).Message);
        Assert.Contains("low in [0,1] expected, got 2", Assert.Throws<ArgumentException>(() => BackgroundRange.Restrict(zeros([3], int64), zeros([3]), 2)).Message);
    }
}
