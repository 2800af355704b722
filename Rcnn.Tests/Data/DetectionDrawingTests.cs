using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Models;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Data;

public sealed class DetectionDrawingTests
{
    [Fact]
    public void Box_ColoursItsBorder_AndNothingFarFromIt()
    {
        var grey = new RgbImage(100, 100, [.. Enumerable.Repeat((byte)90, 100 * 100 * 3)]);
        RgbImage drawn = DetectionDrawing.Draw(grey, [new BoxLabel(new Box(20, 40, 60, 80), 1, 0.75)], ["cat"]);
        (byte r, byte g, byte b) = ClassColours.Of(1);
        Assert.Equal((r, g, b), At(drawn, 20, 60));
        Assert.Equal((r, g, b), At(drawn, 59, 79));
        Assert.Equal((r, g, b), At(drawn, 40, 40));
        Assert.Equal((90, 90, 90), At(drawn, 40, 60));
        Assert.Equal((90, 90, 90), At(drawn, 60, 60));
        Assert.Equal((90, 90, 90), At(drawn, 90, 90));
        Assert.All(grey.Pixels, p => Assert.Equal(90, p));

        // The plate with the text is above the box: its colour, and dark or light text on it.
        Assert.Contains(Enumerable.Range(21, 30), x => At(drawn, x, 32) == (r, g, b));
        Assert.Contains(Enumerable.Range(21, 30).SelectMany(x => Enumerable.Range(26, 12).Select(y => At(drawn, x, y))), p => p != (r, g, b) && p != (90, 90, 90));
    }

    [Fact]
    public void Detections_BelowTheMinimumScore_AreLeftOut()
    {
        using var detections = new Detections(
            tensor(new float[] { 10, 30, 40, 60, 50, 30, 90, 60 }, [2, 4]), tensor(new[] { 0.9f, 0.2f }), tensor(new long[] { 1, 2 }));
        Assert.Equal([new BoxLabel(new Box(10, 30, 40, 60), 1, 0.9f), new BoxLabel(new Box(50, 30, 90, 60), 2, 0.2f)], DetectionDrawing.Boxes(detections, new(80, 100)));
        RgbImage drawn = DetectionDrawing.Draw(new RgbImage(80, 100, new byte[100 * 80 * 3]), detections, ["cat", "dog"], 0.5);
        Assert.Equal(ClassColours.Of(1), At(drawn, 10, 50));
        Assert.Equal((0, 0, 0), At(drawn, 50, 50));
    }

    [Fact]
    public void Masks_VeilTheirPixels_BelowAllBoxes()
    {
        var grey = new RgbImage(80, 100, [.. Enumerable.Repeat((byte)90, 100 * 80 * 3)]);
        var mask = new PolygonMask(80, 100, [20, 40, 20, 60, 40, 60, 40, 40]);
        RgbImage drawn = DetectionDrawing.Draw(grey, [new BoxLabel(new Box(15, 35, 45, 65), 1, null, mask)], ["cat"]);
        (byte r, byte g, byte b) = ClassColours.Of(1);
        int Mixed(byte colour) => (int)Math.Floor((0.55 * 90) + (0.45 * colour) + 0.5);
        (byte, byte, byte) inside = ((byte)Mixed(r), (byte)Mixed(g), (byte)Mixed(b));
        Assert.All(new[] { (20, 41), (39, 59), (30, 50) }, p => Assert.Equal(inside, At(drawn, p.Item1, p.Item2)));
        Assert.All(new[] { (19, 50), (40, 50), (30, 61) }, p => Assert.Equal((90, 90, 90), At(drawn, p.Item1, p.Item2)));
        Assert.Equal((r, g, b), At(drawn, 15, 50));
    }

    [Fact]
    public void DetectedMasks_ArePastedIntoTheImage()
    {
        using var detections = new Detections(
            tensor(new float[] { 10, 30, 40, 60 }, [1, 4]), tensor(new[] { 0.9f }), tensor(new long[] { 1 }), ones([1, 1, 28, 28]));
        var mask = Assert.IsType<Rle>(DetectionDrawing.Boxes(detections, new(80, 100))[0].Mask);
        Assert.Equal((80, 100), (mask.Height, mask.Width));
        Assert.InRange(mask.Area, 30 * 30, 32 * 32);
    }

    [Fact]
    public void DetectionsInAShrunkenImage_AreDrawnAtTheSizeOfTheWhole()
    {
        using var detections = new Detections(
            tensor(new float[] { 10, 30, 40, 60 }, [1, 4]), tensor(new[] { 0.9f }), tensor(new long[] { 1 }), ones([1, 1, 28, 28]));
        BoxLabel drawn = DetectionDrawing.Boxes(detections, new(160, 300), seen: new(80, 100))[0];
        Assert.Equal(new Box(30, 60, 120, 120), drawn.Box);
        var mask = Assert.IsType<Rle>(drawn.Mask);
        Assert.Equal((160, 300), (mask.Height, mask.Width));
        Assert.InRange(mask.Area, 90 * 60, 98 * 66);
    }

    /// <summary>A mask of halves on 30×30 pixels: torchvision counts none; Detectron2 all but the rim, where the first centre is 1/30 of a cell outside of the outer cells'.</summary>
    [Theory]
    [InlineData("torchvision", 0)]
    [InlineData("detectron2", 784)]
    public void DetectedMasks_ArePastedByTheProfilesConvention(string profile, long area)
    {
        MaskPasteConvention paste = BoxSettings.Paste(Convention.Apply(new DetectorConfig(), "maskPaste", profile).Output);
        using var detections = new Detections(
            tensor(new float[] { 10, 30, 40, 60 }, [1, 4]), tensor(new[] { 0.9f }), tensor(new long[] { 1 }), full([1, 1, 28, 28], 0.5));
        Assert.Equal(area, Assert.IsType<Rle>(DetectionDrawing.Boxes(detections, new(80, 100), paste)[0].Mask).Area);
        RgbImage drawn = DetectionDrawing.Draw(new RgbImage(80, 100, new byte[100 * 80 * 3]), detections, ["cat"], 0.5, paste);
        Assert.Equal(area > 0, At(drawn, 25, 45) != (0, 0, 0));
    }

    [Fact]
    public void BoxAtTheTop_HasItsTextInside()
    {
        var grey = new RgbImage(80, 100, new byte[100 * 80 * 3]);
        RgbImage drawn = DetectionDrawing.Draw(grey, [new BoxLabel(new Box(10, 0, 90, 60), 2)], ["cat", "dog"]);
        Assert.Equal(ClassColours.Of(2), At(drawn, 11, 5));
    }

    [Fact]
    public void BoxesOutsideOrNotFinite_AreDrawnWithoutError()
    {
        RgbImage image = DataFolder.Pattern(32, 24);
        Box[] boxes = [new(-1e30, -5, 1e30, 50), new(double.NaN, 0, 5, 5), new(30, 20, 10, 5), new(100, 100, 200, 200)];
        RgbImage drawn = DetectionDrawing.Draw(image, boxes.Select((b, i) => new BoxLabel(b, i + 1, 0.5)), []);
        Assert.Equal((24, 32), (drawn.Height, drawn.Width));
    }

    [Fact]
    public void Colours_OfNeighbouringClasses_Differ()
    {
        var seen = new HashSet<(byte, byte, byte)>();
        for (int label = 1; label <= 90; label++)
        {
            Assert.True(seen.Add(ClassColours.Of(label)));
            (byte r, byte g, byte b) = ClassColours.Of(label);
            (byte r2, byte g2, byte b2) = ClassColours.Of(label + 1);
            Assert.True(Math.Abs(r - r2) + Math.Abs(g - g2) + Math.Abs(b - b2) > 100, $"{label}");
        }
    }

    [Fact]
    public void Sheet_PlacesImagesRowByRow_OnWhite()
    {
        RgbImage Plain(int w, int h, byte v) => new(h, w, [.. Enumerable.Repeat(v, w * h * 3)]);
        RgbImage sheet = ContactSheet.Compose([(Plain(10, 10, 10), ""), (Plain(20, 10, 20), ""), (Plain(5, 10, 30), "")], 2, 10, 10);
        Assert.Equal((6 + 2 * 16, 6 + 2 * 16), (sheet.Height, sheet.Width));
        Assert.Equal((10, 10, 10), At(sheet, 6, 6));
        Assert.Equal((255, 255, 255), At(sheet, 22, 6));
        Assert.Equal((20, 20, 20), At(sheet, 22, 11));
        Assert.Equal((30, 30, 30), At(sheet, 10, 22));
        Assert.Equal((255, 255, 255), At(sheet, 0, 0));
        Assert.Throws<ArgumentException>(() => ContactSheet.Compose([], 2, 10, 10));
    }

    private static (byte, byte, byte) At(RgbImage image, int x, int y)
    {
        int at = (y * image.Width + x) * 3;
        return (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]);
    }
}
