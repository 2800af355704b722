using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

public sealed class AnchorGeneratorTests
{
    [Fact]
    public void Grid_TwoByOneCells_RatioMajorAndShiftedByTheStride()
    {
        var generator = new AnchorGenerator([[4, 8]], [1, 4]);
        float[] anchors = Inputs.Floats(generator.Grid((8, 20), [(1, 2)]));
        Assert.Equal(
            [-2f, -2, 2, 2, -4, -4, 4, 4, -1, -4, 1, 4, -2, -8, 2, 8,
             8, -2, 12, 2, 6, -4, 14, 4, 9, -4, 11, 4, 8, -8, 12, 8], anchors);
    }

    [Fact]
    public void CellAnchors_RoundHalfToEven()
    {
        Assert.Equal([-2f, -2, 2, 2], Inputs.Floats(new AnchorGenerator([[5]], [1]).CellAnchors(0)));
        Assert.Equal([-4f, -4, 4, 4], Inputs.Floats(new AnchorGenerator([[7]], [1]).CellAnchors(0)));
    }

    [Fact]
    public void Detectron2_DoesNotRound_AndRunsThroughRatiosFirst()
    {
        var generator = new AnchorGenerator([[5, 10]], [1.0, 4.0], AnchorConvention.Detectron2);
        Assert.Equal([-2.5f, -2.5f, 2.5f, 2.5f, -1.25f, -5, 1.25f, 5], Inputs.Floats(generator.CellAnchors(0))[..8]);
    }

    [Fact]
    public void Grid_IsTheLevelsOneAfterAnother()
    {
        var generator = new AnchorGenerator([[32], [64]], [0.5, 1, 2]);
        (int, int)[] grids = [(4, 5), (2, 3)];
        float[] parts = [.. generator.GridPerLevel((64, 80), grids).SelectMany(Inputs.Floats)];
        Assert.Equal(Inputs.Floats(generator.Grid((64, 80), grids)), parts);
        Assert.Equal(4 * 3 * (20 + 6), parts.Length);
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("got [0] and [1]", Assert.Throws<ArgumentException>(() => new AnchorGenerator([[0.0]], [1.0])).Message);
        Assert.Contains("got 2 grids", Assert.Throws<ArgumentException>(() => new AnchorGenerator([[8]], [1.0]).Grid((8, 8), [(1, 1), (1, 1)])).Message);
        Assert.Contains("grid 0 is empty: 0×3", Assert.Throws<ArgumentException>(() => new AnchorGenerator([[8]], [1.0]).Grid((8, 8), [(0, 3)])).Message);
    }
}
