using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class MultiScaleRoiAlignTests
{
    private static readonly (int, int)[] Sizes = [(250, 317)];

    [Fact]
    public void Levels_DoublingTheSide_IsOneLevelCoarser()
    {
        var pool = new MultiScaleRoiAlign(7, 7, 2);
        Tensor boxes = Inputs.BoxTensor([0, 0, 10, 10, 0, 0, 112, 112, 0, 0, 224, 224, 0, 0, 448, 448, 0, 0, 2000, 2000, 0, 0, 0, 5, 5, 5, 4, 9]);
        Assert.Equal([0L, 1, 2, 3, 3, 0, -1], Inputs.Longs(pool.Levels([boxes], [0.25, 0.125, 0.0625, 0.03125])));
    }

    [Fact]
    public void Levels_JustBelowTheBorder_DependOnTheRule()
    {
        Tensor box = Inputs.BoxTensor([0, 0, 224 - 4e-5f, 224]);
        double[] scales = [0.25, 0.125, 0.0625];
        Assert.Equal([2L], Inputs.Longs(new MultiScaleRoiAlign(7, 7, 2).Levels([box], scales)));
        Assert.Equal([1L], Inputs.Longs(new MultiScaleRoiAlign(7, 7, 2, rule: LevelRule.Detectron2).Levels([box], scales)));
    }

    [Fact]
    public void InferScales_UsesTheUnpaddedSize() =>
        Assert.Equal([0.25, 0.125], MultiScaleRoiAlign.InferScales([zeros([1, 1, 64, 80]), zeros([1, 1, 32, 40])], Sizes));

    [Fact]
    public void Apply_IsRoiAlignOfEachBoxOnItsLevel_WithGradients()
    {
        var random = new RandomStream(3);
        Tensor[] maps = [.. new[] { 64, 32, 16, 8 }.Select(s => tensor(Inputs.Gaussian(random, 5 * s * s), [1, 5, s, s]).requires_grad_(true))];
        Tensor[] copies = [.. maps.Select(m => m.detach().clone().requires_grad_(true))];
        float[] boxes = Inputs.Boxes(random, 30, 200, 200, 250);
        var pool = new MultiScaleRoiAlign(3, 3, 2);
        double[] scales = MultiScaleRoiAlign.InferScales(maps, Sizes);
        long[] levels = Inputs.Longs(pool.Levels([Inputs.BoxTensor(boxes)], scales));
        Tensor output = pool.Apply(maps, [Inputs.BoxTensor(boxes)], Sizes);
        Tensor expected = stack([.. Enumerable.Range(0, 30).Select(k =>
            RoiAlign.Apply(copies[levels[k]], tensor(new[] { 0, boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3] }, [1, 5]), 3, 3, scales[levels[k]], 2, false)[0])]);
        Assert.Equal(Inputs.Floats(expected), Inputs.Floats(output));
        Tensor gradient = tensor(Inputs.Gaussian(random, output.numel()), output.shape);
        output.backward([gradient]);
        expected.backward([gradient]);
        for (int l = 0; l < 4; l++)
        {
            Inputs.Close([.. Inputs.Floats(copies[l].grad ?? zeros_like(copies[l])).Select(v => (double)v)], Inputs.Floats(maps[l].grad!), 1e-5);
        }
    }

    [Fact]
    public void NoBoxes_GivesAnEmptyResult() =>
        Assert.Equal([0L, 2, 7, 7], new MultiScaleRoiAlign(7, 7, 2).Apply([zeros([1, 2, 8, 8]), zeros([1, 2, 4, 4])], [zeros([0, 4])], [(32, 32)]).shape);

    [Fact]
    public void WrongInput_IsNamed()
    {
        var pool = new MultiScaleRoiAlign(7, 7, 2);
        Assert.Contains("features[1] [1,2,H,W] expected, got [1,3,4,4]",
            Assert.Throws<ArgumentException>(() => pool.Apply([zeros([1, 2, 8, 8]), zeros([1, 3, 4, 4])], [zeros([0, 4])], [(32, 32)])).Message);
    }
}
