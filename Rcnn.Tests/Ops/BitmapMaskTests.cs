using Rcnn.Ops;

namespace Rcnn.Tests.Ops;

public sealed class BitmapMaskTests
{
    // . # .
    // # # .
    private static readonly BitmapMask Small = new(2, 3, [0, 1, 0, 1, 1, 0]);

    [Fact]
    public void Flips_MirrorRowsOrColumns_AndTwiceIsTheSame()
    {
        Assert.Equal([0, 1, 0, 0, 1, 1], Small.FlipHorizontally().Pixels.ToArray());
        Assert.Equal([1, 1, 0, 0, 1, 0], Small.FlipVertically().Pixels.ToArray());
        Assert.Equal(Small.Pixels.ToArray(), Small.FlipHorizontally().FlipVertically().FlipHorizontally().FlipVertically().Pixels.ToArray());
    }

    [Fact]
    public void Resize_TakesThePixelUnderEachCentre()
    {
        Assert.Equal([0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0], Small.Resize(4, 6).Pixels.ToArray());
        Assert.Equal(Small.Pixels.ToArray(), Small.Resize(4, 6).Resize(2, 3).Pixels.ToArray());
        Assert.Equal([1], Small.Resize(1, 1).Pixels.ToArray());
        Assert.Equal([1, 0], Small.Resize(1, 2).Pixels.ToArray());
    }

    [Fact]
    public void Crop_CutsAndEnlarges()
    {
        Assert.Equal([1, 0], Small.Crop(1, 0, 1, 2).Pixels.ToArray());
        Assert.Equal([0, 0, 0, 0, 1, 0, 1, 1, 0], new BitmapMask(3, 3, Small.Crop(0, -1, 3, 3).Pixels.ToArray()).Pixels.ToArray());
        Assert.Equal(0, Small.Crop(7, 7, 4, 4).Area);
        Assert.Equal(0, Small.Crop(int.MinValue, int.MaxValue, 1, 1).Area);
    }

    [Fact]
    public void Box_AndArea_CountTheObject()
    {
        Assert.Equal((0, 0, 2, 2), Small.Box());
        Assert.Equal(3, Small.Area);
        Assert.Null(new BitmapMask(2, 2, new byte[4]).Box());
    }

    [Fact]
    public void UnionAndWithout_WorkPixelByPixel_AndNeedOneSize()
    {
        var other = new BitmapMask(2, 3, [1, 1, 0, 0, 0, 1]);
        Assert.Equal([1, 1, 0, 1, 1, 1], Small.Union(other).Pixels.ToArray());
        Assert.Equal([0, 0, 0, 1, 1, 0], Small.Without(other).Pixels.ToArray());
        Assert.Contains("2×3 expected, got 3×2", Assert.Throws<ArgumentException>(() => Small.Union(new BitmapMask(3, 2, new byte[6]))).Message);
    }

    [Fact]
    public void WrongBytes_AreNamed()
    {
        Assert.Contains("pixels: 6 bytes for 2×3 expected, got 5", Assert.Throws<ArgumentException>(() => new BitmapMask(2, 3, new byte[5])).Message);
        Assert.Contains("pixels[2]: 0 or 1 expected, got 255", Assert.Throws<ArgumentException>(() => new BitmapMask(1, 3, [0, 1, 255])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Small.Resize(0, 3));
    }
}
