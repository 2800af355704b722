using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BoxCoderTests
{
    [Fact]
    public void Encode_ShiftAndDoubling_IsKnown()
    {
        // From centre (2,2) side 4 to centre (3,2), sides 8 and 4.
        float[] code = Inputs.Floats(new BoxCoder([10, 10, 5, 5]).Encode(Inputs.BoxTensor([-1, 0, 7, 4]), Inputs.BoxTensor([0, 0, 4, 4])));
        Inputs.Close([2.5, 0, 5 * Math.Log(2), 0], code, 1e-6);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 5)]
    public void DecodeOfEncode_IsTheReference(double centre, double size)
    {
        var random = new RandomStream(1);
        float[] references = Inputs.Boxes(random, 200), proposals = Inputs.Boxes(random, 200);
        var coder = new BoxCoder([centre, centre, size, size]);
        Tensor codes = coder.Encode(Inputs.BoxTensor(references), Inputs.BoxTensor(proposals));
        Inputs.Close([.. references.Select(v => (double)v)], Inputs.Floats(coder.Decode(codes, Inputs.BoxTensor(proposals))), 1e-3);
    }

    [Fact]
    public void Decode_LimitsGrowth_ButNotShrinking()
    {
        float[] boxes = Inputs.Floats(new BoxCoder().Decode(tensor(new float[] { 0, 0, 100, -100 }, [1, 4]), Inputs.BoxTensor([0, 0, 16, 16])));
        Assert.Equal(1000, boxes[2] - boxes[0], 2);
        Assert.Equal(0, boxes[3] - boxes[1], 5);
    }

    [Fact]
    public void Decode_SeveralClasses_UsesTheBoxOfTheRow()
    {
        Tensor boxes = new BoxCoder().Decode(zeros([2, 12]), Inputs.BoxTensor([0, 0, 2, 2, 4, 4, 8, 8]));
        Assert.Equal([2L, 3L, 4L], boxes.shape);
        Assert.Equal([4f, 4, 8, 8], Inputs.Floats(boxes)[20..]);
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("got 2 and 3", Assert.Throws<ArgumentException>(() => new BoxCoder().Encode(zeros([2, 4]), zeros([3, 4]))).Message);
        Assert.Contains("got [2,6]", Assert.Throws<ArgumentException>(() => new BoxCoder().Decode(zeros([2, 6]), zeros([2, 4]))).Message);
        Assert.Contains("[1, 1, 1]", Assert.Throws<ArgumentException>(() => new BoxCoder([1, 1, 1])).Message);
    }
}
