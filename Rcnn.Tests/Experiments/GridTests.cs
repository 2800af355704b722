using Rcnn.Experiments;

namespace Rcnn.Tests.Experiments;

public sealed class GridTests
{
    private static readonly Axis Scale = new("scale",
        [Variant.Baseline("base"), Variant.Of("small", "model.rpn.sizes", "[[8]]"), Variant.Of("large", "model.rpn.sizes", "[[64]]")]);

    private static readonly Axis Rate = Axis.Of("rate", "optimizer.learningRate", ["0.01", "0.02"]);

    [Fact]
    public void Cartesian_OneAxis_TakesVariantNames()
    {
        var specs = Grid.Cartesian([Scale], [0, 1]);

        Assert.Equal(["base-seed0", "base-seed1", "small-seed0", "small-seed1", "large-seed0", "large-seed1"], specs.Select(s => s.Name));
        Assert.Empty(specs[0].Settings);
        Assert.Equal("[[8]]", specs[2].Settings["model.rpn.sizes"]);
        Assert.Equal(1, specs[3].Seed);
    }

    [Fact]
    public void Cartesian_TwoAxes_LastVariesFastest()
    {
        var specs = Grid.Cartesian([Scale, Rate], [7]);

        Assert.Equal(
            ["scale=base,rate=0.01", "scale=base,rate=0.02", "scale=small,rate=0.01", "scale=small,rate=0.02", "scale=large,rate=0.01", "scale=large,rate=0.02"],
            specs.Select(s => s.Group));
        Assert.Equal(["model.rpn.sizes", "optimizer.learningRate"], specs[3].Settings.Keys.Order());
    }

    [Fact]
    public void OneAtATime_ChangesOneAxisAndKeepsTheOthersAtTheirFirstVariant()
    {
        var specs = Grid.OneAtATime([Scale, Rate], [0]);

        Assert.Equal(["baseline", "scale=small", "scale=large", "rate=0.02"], specs.Select(s => s.Group));
        Assert.Equal("0.01", specs[1].Settings["optimizer.learningRate"]);
        Assert.Equal("0.02", specs[3].Settings["optimizer.learningRate"]);
        Assert.False(specs[3].Settings.ContainsKey("model.rpn.sizes"));
    }

    [Fact]
    public void Names_AreSafeFolderNames()
    {
        var specs = Grid.Cartesian([Axis.Of("sizes", "a", ["[[8,16]] / x"])], [0]);

        Assert.Equal("__8,16_____x-seed0", specs[0].Name);
    }

    [Fact]
    public void TwoRunsOfOneName_AreRejected()
    {
        var e = Assert.Throws<ArgumentException>(() => Grid.Cartesian([Axis.Of("a", "p", ["1", "1"])], [0]));
        Assert.Contains("2 runs are called '1-seed0'", e.Message);
    }

    [Fact]
    public void TwoAxesOnOneSetting_AreRejected()
    {
        var e = Assert.Throws<ArgumentException>(() => Grid.Cartesian([Rate, Axis.Of("again", "optimizer.learningRate", ["1"])], [0]));
        Assert.Contains("optimizer.learningRate", e.Message);
    }

    [Fact]
    public void NothingToVary_IsRejected()
    {
        Assert.Throws<ArgumentException>(() => Grid.Cartesian([], [0]));
        Assert.Throws<ArgumentException>(() => Grid.Cartesian([Rate], []));
        Assert.Throws<ArgumentException>(() => new Axis("empty", []));
        Assert.Throws<ArgumentException>(() => Variant.Baseline(" "));
    }
}
