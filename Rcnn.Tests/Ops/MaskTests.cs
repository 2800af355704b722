using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class MaskTests
{
    [Fact]
    public void Around_IncludesBothEnds_AndASinglePixelHasNoArea()
    {
        Tensor masks = zeros([2, 4, 5], uint8);
        masks[0, 1, 2] = 1;
        masks[1, 0, 1] = 255;
        masks[1, 3, 4] = 7;
        Assert.Equal([2f, 1, 2, 1, 1, 0, 4, 3], Inputs.Floats(MaskBoxes.Around(masks)));
    }

    [Fact]
    public void Around_NothingOrWrong_IsNamed()
    {
        Assert.Equal([0L, 4], MaskBoxes.Around(zeros([0, 4, 5], uint8)).shape);
        Assert.Contains("masks[1] has no pixel", Assert.Throws<ArgumentException>(() => MaskBoxes.Around(cat([ones([1, 2, 2], uint8), zeros([1, 2, 2], uint8)]))).Message);
        Assert.Contains("masks [N,H,W] expected, got [4,5]", Assert.Throws<ArgumentException>(() => MaskBoxes.Around(zeros([4, 5], uint8))).Message);
    }

    [Fact]
    public void Paste_FullMaskWithoutBorder_FillsTheBox()
    {
        // Without padding the box 1…3 × 1…2 covers its pixels, both ends included.
        float[] image = Inputs.Floats(MaskPaste.Apply(ones([1, 1, 4, 4]), Inputs.BoxTensor([1, 1, 3, 2]), (4, 5), padding: 0));
        Assert.Equal([0f, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0], image);
    }

    [Fact]
    public void Paste_BoxBeyondTheImage_IsCut_AndFarAwayLeavesNothing()
    {
        Tensor masks = ones([2, 1, 28, 28]);
        float[] images = Inputs.Floats(MaskPaste.Apply(masks, Inputs.BoxTensor([-50, -50, 50, 50, 500, 500, 600, 600]), (10, 12)));
        Assert.All(images[..120], v => Assert.Equal(1, v, 5));
        Assert.All(images[120..], v => Assert.Equal(0, v));
    }

    [Fact]
    public void Paste_SameAtAnyThreadCount_AndWrongInputIsNamed()
    {
        var random = new RandomStream(1);
        Tensor masks = tensor(Inputs.Gaussian(random, 9 * 49), [9, 1, 7, 7]), boxes = Inputs.BoxTensor(Inputs.Boxes(random, 9));
        Inputs.SameAtAnyThreadCount(() => Inputs.Floats(MaskPaste.Apply(masks, boxes, (80, 100))));
        Assert.Contains("masks [9,1,M,M] expected, got [9,7,7]", Assert.Throws<ArgumentException>(() => MaskPaste.Apply(masks.squeeze(1), boxes, (80, 100))).Message);
    }

    [Fact]
    public void PasteAtCentres_ReadsTheMaskWhereEachPixelsCentreLies()
    {
        // 2×2 cells over 4×4 pixels from (1,1): centres lie at ±1/4 of the cells' own; half a cell beside the box still reads half of it.
        Tensor mask = tensor(new float[] { 0, 1, 2, 3 }, [1, 1, 2, 2]);
        float[] image = Inputs.Floats(MaskPaste.Apply(mask, Inputs.BoxTensor([1, 1, 5, 5]), (6, 6), convention: MaskPasteConvention.Detectron2));
        double Expected(int y, int x)
        {
            double v = ((y + 0.5 - 1) / 4 * 2) - 0.5, u = ((x + 0.5 - 1) / 4 * 2) - 0.5, sum = 0;
            for (int j = 0; j < 2; j++)
            {
                for (int i = 0; i < 2; i++)
                {
                    sum += Math.Max(0, 1 - Math.Abs(v - j)) * Math.Max(0, 1 - Math.Abs(u - i)) * ((2 * j) + i);
                }
            }

            return sum;
        }

        Inputs.Close([.. Enumerable.Range(0, 36).Select(i => Expected(i / 6, i % 6))], image, 1e-6);
    }

    [Theory]
    [InlineData(MaskPasteConvention.Torchvision)]
    [InlineData(MaskPasteConvention.Detectron2)]
    public void PasteEncoded_IsThePastedImageAboveTheThreshold(MaskPasteConvention convention)
    {
        var random = new RandomStream(2);
        float[] corners = Inputs.Boxes(random, 40, width: 90, height: 70, largest: 60);
        (corners[0], corners[1], corners[2], corners[3]) = (-30, -30, 300, 300);
        (corners[4], corners[5], corners[6], corners[7]) = (10, 10, 10, 10);
        (corners[8], corners[9]) = (float.NaN, 3);
        Tensor masks = rand([40, 1, 14, 14]), boxes = Inputs.BoxTensor(corners);
        float[] soft = Inputs.Floats(MaskPaste.Apply(masks, boxes, (80, 100), convention: convention));
        Rle[] encoded = MaskPaste.Encode(masks, boxes, (80, 100), convention: convention);
        for (int i = 0; i < 40; i++)
        {
            byte[] expected = [.. soft.AsSpan(i * 8000, 8000).ToArray().Select(v => (byte)((convention == MaskPasteConvention.Torchvision ? v > 0.5f : v >= 0.5f) ? 1 : 0))];
            Assert.Equal(Rle.Encode(expected, 80, 100).ToString(), encoded[i].ToString());
        }

        Assert.Equal(0, encoded[2].Area);
    }

    [Fact]
    public void PasteEncoded_AtTheThresholdItself_FollowsTheConvention()
    {
        Tensor half = ones([1, 1, 4, 4]).mul(0.5), box = Inputs.BoxTensor([2, 2, 6, 6]);
        Assert.Equal(0, MaskPaste.Encode(half, box, (8, 8))[0].Area);
        Assert.Equal(16, MaskPaste.Encode(half, box, (8, 8), convention: MaskPasteConvention.Detectron2)[0].Area);
        Assert.Contains("threshold between 0 and 1 expected, got 1", Assert.Throws<ArgumentException>(() => MaskPaste.Encode(half, box, (8, 8), 1)).Message);
    }
}
