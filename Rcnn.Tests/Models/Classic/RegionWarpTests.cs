using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Classic;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models.Classic;

public sealed class RegionWarpTests
{
    private static readonly InputConfig Plain = new() { Mean = [0, 0, 0], Std = [1 / 255.0, 1 / 255.0, 1 / 255.0] };

    [Fact]
    public void Apply_WholeImageWithoutContext_IsTheImageNormalised()
    {
        RgbImage image = Picture(6, 6, (x, y, c) => (20 * x) + (3 * y) + c);
        var input = new InputConfig();
        float[] warped = new RegionWarp(6, 0, input).Apply(image, [new Box(0, 0, 6, 6)]).contiguous().data<float>().ToArray();
        for (int i = 0; i < warped.Length; i++)
        {
            (int c, int pixel) = Math.DivRem(i, 36);
            Assert.Equal(((image.Pixels[(3 * pixel) + c] / 255.0) - input.Mean[c]) / input.Std[c], warped[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(20, 0, 0)]
    [InlineData(20, 4, 0)]
    [InlineData(31, 8, 3)]
    public void Apply_OfARamp_ReadsItAtTheMappedPositions(int size, int context, int offset)
    {
        // Red is x, green is 2y: bilinear reading of a ramp is exact. The box lies far enough inside for its context.
        RgbImage image = Picture(100, 120, (x, y, c) => c == 0 ? x : c == 1 ? 2 * y : 7);
        Box box = new(40 + offset, 30, 73, 62.5);
        float[] warped = new RegionWarp(size, context, Plain).Apply(image, [box]).contiguous().data<float>().ToArray();
        double grow = size / (size - (2.0 * context));
        for (int v = 0; v < size; v++)
        {
            for (int u = 0; u < size; u++)
            {
                double x = ((box.X1 + box.X2) / 2) + ((((u + 0.5) / size) - 0.5) * box.Width * grow), y = ((box.Y1 + box.Y2) / 2) + ((((v + 0.5) / size) - 0.5) * box.Height * grow);
                Assert.Equal(x - 0.5, warped[(v * size) + u], 1e-3);
                Assert.Equal(2 * (y - 0.5), warped[(size * size) + (v * size) + u], 1e-3);
                Assert.Equal(7, warped[(2 * size * size) + (v * size) + u], 1e-4);
            }
        }
    }

    [Fact]
    public void Apply_OutsideOfTheImage_IsTheMeanColour()
    {
        RgbImage image = Picture(10, 10, (_, _, _) => 200);
        float[] warped = new RegionWarp(20, 5, new InputConfig()).Apply(image, [new Box(0, 0, 10, 10)]).contiguous().data<float>().ToArray();
        for (int i = 0; i < warped.Length; i++)
        {
            int x = i % 20, y = i / 20 % 20;
            Assert.Equal(x is >= 5 and < 15 && y is >= 5 and < 15, warped[i] != 0);
        }
    }

    [Fact]
    public void Apply_Bgr_IsTheSwappedImageWithSwappedMeanAndStd()
    {
        RgbImage image = Picture(9, 8, (x, y, c) => (11 * x) + (7 * y) + (40 * c)), swapped = Picture(9, 8, (x, y, c) => (11 * x) + (7 * y) + (40 * (2 - c)));
        var rgb = new InputConfig { Mean = [0.1, 0.2, 0.3], Std = [0.5, 0.25, 0.2] };
        float[] bgr = Values(rgb with { Channels = "bgr" }, image);
        Assert.Equal(Values(rgb with { Mean = [0.3, 0.2, 0.1], Std = [0.2, 0.25, 0.5] }, swapped), bgr);
        Assert.NotEqual(Values(rgb, image), bgr);
        Assert.Contains(0f, bgr);                           // outside of the image

        float[] Values(InputConfig input, RgbImage of) => new RegionWarp(12, 3, input).Apply(of, [new Box(0, 1, 6, 7)]).contiguous().data<float>().ToArray();
    }

    [Fact]
    public void UnknownOrderOfChannels_IsNamed() =>
        Assert.Contains("input.channels: rgb or bgr expected, got 'gbr'", Assert.Throws<RcnnException>(() => new RegionWarp(8, 0, Plain with { Channels = "gbr" })).Message, StringComparison.Ordinal);

    [Fact]
    public void Apply_NoBoxes_IsEmpty_AndAFlatBoxCountsAsOnePixel()
    {
        RgbImage image = Picture(8, 8, (x, _, _) => 30 * x);
        Assert.Equal([0L, 3, 4, 4], new RegionWarp(4, 0, Plain).Apply(image, []).shape);
        Assert.All(new RegionWarp(4, 0, Plain).Apply(image, [new Box(3, 3, 3, 3)]).contiguous().data<float>().ToArray(), v => Assert.InRange(v, 60, 90));
    }

    [Fact]
    public void Draw_TakesForegroundAndBackgroundFromAllImages()
    {
        RcnnRegions first = new([new Box(0, 0, 10, 10)], [2], [new Box(0, 0, 10, 9), new Box(50, 50, 60, 60), new Box(0, 0, 10, 10)]), second = new([], [], [new Box(0, 0, 4, 4)]);
        Assert.Equal(3, first.Boxes.Length);
        List<(int Image, int Region, int Label)> drawn = FineTuneSampler.Draw([first, second], new FineTuneConfig { Foreground = 32, Background = 96 }, new RandomStream(0));
        Assert.Equal([(0, 0, 2), (0, 1, 2), (0, 2, 0), (1, 0, 0)], drawn.Order());
        Assert.Single(FineTuneSampler.Draw([first, second], new FineTuneConfig { Foreground = 1, Background = 0 }, new RandomStream(0)));
        Assert.Equal(0.9, first.Overlap(1, 2), 1e-12);
        Assert.Equal(0, first.Overlap(1, 1));
    }

    private static RgbImage Picture(int height, int width, Func<int, int, int, int> value) =>
        new(height, width, [.. Enumerable.Range(0, height * width * 3).Select(i => (byte)value(i / 3 % width, i / 3 / width, i % 3))]);
}
