using Rcnn.Core;
using Rcnn.Core.Data;
using Rcnn.Core.Data.Augment;
using Rcnn.Ops;

namespace Rcnn.Tests.Data;

/// <summary>Every augmentation on scenes whose objects have a colour of their own: the pixels say where they are, whatever the boxes claim.</summary>
public sealed class AugmentTests
{
    public static TheoryData<string> Names => ["mosaic", "mixup", "cutmix", "copypaste", "expand", "crop", "jitter", "vertical"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Boxes_FollowThePixels(string name)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Sample result = Run(name, seed, masks: false);
            Assert.Equal(result.Boxes.Count, result.Labels.Count);
            Assert.Null(result.Masks);
            for (int i = 0; i < result.Boxes.Count; i++)
            {
                Box box = result.Boxes[i];
                Assert.True(box.X1 >= 0 && box.Y1 >= 0 && box.X2 <= result.Image.Width && box.Y2 <= result.Image.Height && box.Width >= 1 && box.Height >= 1, $"{name} {seed}: {box}");
                double share = Share(result, box, result.Labels[i]);
                // Half of the box where something may cover it or a blend changes the colour, nearly all elsewhere (edges are blurred by scaling).
                double least = name is "cutmix" or "copypaste" ? 0.2 : name == "mixup" ? 0 : 0.6;
                Assert.True(share >= least, $"{name} {seed}: object {result.Labels[i]} fills {share:F2} of {box}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Masks_StayInsideTheirBoxes_AndOnTheirPixels(string name)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Sample result = Run(name, seed, masks: true);
            Assert.Equal(result.Boxes.Count, result.Masks!.Count);
            for (int i = 0; i < result.Boxes.Count; i++)
            {
                BitmapMask mask = result.Masks[i];
                Assert.Equal((result.Image.Height, result.Image.Width), (mask.Height, mask.Width));
                (int x1, int y1, int x2, int y2) = mask.Box() ?? throw new InvalidOperationException("an empty mask was kept");
                Box box = result.Boxes[i];
                Assert.True(x1 >= box.X1 - 1.01 && y1 >= box.Y1 - 1.01 && x2 <= box.X2 + 1.01 && y2 <= box.Y2 + 1.01, $"{name} {seed}: mask {(x1, y1, x2, y2)} in {box}");
                if (name != "mixup")
                {
                    int inside = 0, own = 0;
                    for (int p = 0; p < mask.Pixels.Length; p++)
                    {
                        inside += mask.Pixels[p];
                        own += mask.Pixels[p] != 0 && IsColour(result.Image, p, result.Labels[i]) ? 1 : 0;
                    }

                    Assert.True(own >= 0.6 * inside, $"{name} {seed}: {own} of {inside} pixels of the mask are the object's");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SameSeed_SameSample_AndTheSourceIsNotChanged(string name)
    {
        Sample first = Run(name, 5, masks: true), second = Run(name, 5, masks: true);
        Assert.Equal(first.Image.Pixels, second.Image.Pixels);
        Assert.Equal(first.Boxes, second.Boxes);
        Sample source = Scene(0, masks: true);
        byte[] before = [.. source.Image.Pixels];
        _ = Augmenter.Apply(source, Options(name), new RandomStream(1), _ => Scene(1, masks: true));
        Assert.Equal(before, source.Image.Pixels);
    }

    [Fact]
    public void Crop_KeepsObjectsWhoseCentreIsInside()
    {
        var image = new RgbImage(100, 100, new byte[30000]);
        var sample = new Sample(0, 0, image, [new Box(10, 10, 30, 30)], [1]);
        for (int seed = 0; seed < 50; seed++)
        {
            Sample crop = ConstrainedCrop.Apply(sample, [0], 0.3, new RandomStream(seed));
            Assert.Single(crop.Boxes);
            Assert.True(crop.Boxes[0].Area >= 100, $"the centre is inside, so at least a quarter is left: {crop.Boxes[0]}");
        }
    }

    [Theory]
    [InlineData(0, 0, 10, 5, 0, 5, 10, 10, 50)]
    [InlineData(0, 5, 10, 20, 0, 0, 10, 5, 50)]
    [InlineData(5, -1, 20, 11, 0, 0, 5, 10, 50)]
    [InlineData(0, 0, 5, 5, 0, 0, 10, 10, 75)]
    [InlineData(20, 20, 30, 30, 0, 0, 10, 10, 100)]
    public void Visibility_TakesOffWholeStrips(double x1, double y1, double x2, double y2, double left, double top, double right, double bottom, double area)
    {
        (Box rest, double visible) = Visibility.Under(new Box(0, 0, 10, 10), new Box(x1, y1, x2, y2));
        Assert.Equal(new Box(left, top, right, bottom), rest);
        Assert.Equal(area, visible);
    }

    [Fact]
    public void Visibility_NothingLeft_IsEmpty() => Assert.Equal(0, Visibility.Under(new Box(2, 2, 8, 8), new Box(0, 0, 10, 10)).Area);

    [Fact]
    public void Options_OutsideTheirRange_AreNamed()
    {
        Assert.Contains("data.augment.mixUp=2", Message(new AugmentOptions { MixUp = 2 }));
        Assert.Contains("data.augment.scaleJitter=2,1", Message(new AugmentOptions { ScaleJitter = [2, 1] }));
        Assert.Contains("data.augment.cropIou=", Message(new AugmentOptions { CropIou = [] }));

        static string Message(AugmentOptions options) => Assert.Throws<RcnnException>(() => options.Validate("data.augment")).Message;
    }

    [Fact]
    public void ImageWithoutObjects_GoesThroughEverything()
    {
        var empty = new Sample(0, 0, new RgbImage(20, 30, new byte[1800]), [], [], []);
        foreach (string name in new[] { "mosaic", "mixup", "cutmix", "copypaste", "expand", "crop", "jitter", "vertical" })
        {
            Sample result = Augmenter.Apply(empty, Options(name), new RandomStream(3), _ => empty);
            Assert.Empty(result.Boxes);
        }
    }

    private static Sample Run(string name, int seed, bool masks) =>
        Augmenter.Apply(Scene(seed, masks), Options(name), new RandomStream(seed), r => Scene(1000 + r.NextInt(50), masks));

    private static AugmentOptions Options(string name) => name switch
    {
        "mosaic" => new() { Mosaic = 1 },
        "mixup" => new() { MixUp = 1 },
        "cutmix" => new() { CutMix = 1 },
        "copypaste" => new() { CopyPaste = 1 },
        "expand" => new() { Expand = 1 },
        "crop" => new() { Crop = 1 },
        "jitter" => new() { ScaleJitter = [0.3, 2], JitterSize = 96 },
        _ => new() { VerticalFlip = 1 },
    };

    /// <summary>Two rectangles that do not touch, of pure colours by label, on black.</summary>
    private static Sample Scene(int seed, bool masks)
    {
        var random = new RandomStream(seed, "scene");
        int height = 60 + random.NextInt(30), width = 70 + random.NextInt(40);
        var image = new RgbImage(height, width, new byte[height * width * 3]);
        Box[] boxes =
        [
            Rectangle(random, 0, 0, width / 2, height),
            Rectangle(random, width / 2, 0, width, height),
        ];
        var bitmaps = new List<BitmapMask>();
        for (int i = 0; i < boxes.Length; i++)
        {
            var mask = new byte[height * width];
            for (int y = (int)boxes[i].Y1; y < boxes[i].Y2; y++)
            {
                for (int x = (int)boxes[i].X1; x < boxes[i].X2; x++)
                {
                    mask[(y * width) + x] = 1;
                    image.Pixels[(((y * width) + x) * 3) + i] = 255;
                }
            }

            bitmaps.Add(new BitmapMask(height, width, mask));
        }

        return new Sample(seed, seed, image, boxes, [1, 2], masks ? bitmaps : null);
    }

    private static Box Rectangle(RandomStream random, int left, int top, int right, int bottom)
    {
        int w = 12 + random.NextInt(right - left - 14), h = 12 + random.NextInt(bottom - top - 14);
        int x = left + random.NextInt(right - left - w), y = top + random.NextInt(bottom - top - h);
        return new Box(x, y, x + w, y + h);
    }

    private static double Share(Sample sample, Box box, int label)
    {
        int hits = 0, all = 0;
        for (int y = (int)Math.Ceiling(box.Y1); y < (int)box.Y2; y++)
        {
            for (int x = (int)Math.Ceiling(box.X1); x < (int)box.X2; x++, all++)
            {
                hits += IsColour(sample.Image, (y * sample.Image.Width) + x, label) ? 1 : 0;
            }
        }

        return all == 0 ? 1 : (double)hits / all;
    }

    private static bool IsColour(RgbImage image, int pixel, int label) =>
        image.Pixels[(3 * pixel) + label - 1] > 128 && image.Pixels[(3 * pixel) + 2 - label] < 128;
}
