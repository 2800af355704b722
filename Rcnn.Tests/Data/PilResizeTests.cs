using Rcnn.Core.Data;

namespace Rcnn.Tests.Data;

public sealed class PilResizeTests
{
    [Fact]
    public void SameSize_IsTheSameImage()
    {
        RgbImage image = DataFolder.Pattern(9, 7);
        Assert.Equal(image.Pixels, PilResize.Bilinear(image, 7, 9).Pixels);
    }

    [Fact]
    public void Halving_WeighsTheFourNearestPixels()
    {
        // Four pixels to two: the triangle of half-width 2 around 1 has weights 3, 3, 1 of 7 (one tap falls outside).
        var image = new RgbImage(1, 4, [0, 0, 0, 70, 7, 1, 140, 14, 2, 210, 21, 3]);
        RgbImage half = PilResize.Bilinear(image, 1, 2);
        Assert.Equal([50, 5, 1, 160, 16, 2], half.Pixels);
    }

    [Fact]
    public void Doubling_Interpolates_AndRepeatsTheBorder()
    {
        var image = new RgbImage(2, 1, [0, 0, 0, 100, 200, 40]);
        Assert.Equal([0, 0, 0, 25, 50, 10, 75, 150, 30, 100, 200, 40], PilResize.Bilinear(image, 4, 1).Pixels);
    }

    [Fact]
    public void ConstantImage_StaysConstant()
    {
        var image = new RgbImage(37, 23, [.. Enumerable.Repeat((byte)201, 37 * 23 * 3)]);
        Assert.All(PilResize.Bilinear(image, 11, 50).Pixels, p => Assert.Equal(201, p));
    }

    [Fact]
    public void SizeOfZero_IsRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => PilResize.Bilinear(DataFolder.Pattern(4, 4), 0, 4));
}
