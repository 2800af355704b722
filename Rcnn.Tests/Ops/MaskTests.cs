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
}
