using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Ops;

public sealed class Conv3x3Tests
{
    [Theory]
    [InlineData(1, 32, 32, 8, 8)]
    [InlineData(2, 64, 48, 13, 9)]
    [InlineData(1, 7, 35, 5, 21)]
    [InlineData(3, 1, 1, 1, 1)]
    [InlineData(1, 33, 5, 2, 3)]
    [InlineData(1, 256, 64, 24, 40)]
    public void Apply_AgreesWithADirectSumInDouble(int batch, int inputs, int outputs, int height, int width)
    {
        using var scope = NewDisposeScope();
        manual_seed(batch + inputs);
        Tensor input = randn([batch, inputs, height, width]), weight = randn([outputs, inputs, 3, 3]), bias = randn([outputs]);
        Tensor expected = Direct(input, weight, bias);
        using var filter = new WinogradFilter(weight, bias);
        Near(expected, Conv3x3.Apply(input, filter));
        Near(expected, Conv3x3.Apply(Engine.ChannelsLast(input), filter));
        Near(expected.clamp(min: 0), Conv3x3.Apply(input, filter, relu: true));
    }

    [Fact]
    public void Scale_MultipliesTheWeights_NotTheBias()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor input = randn([1, 8, 6, 6]), weight = randn([5, 8, 3, 3]), bias = randn([5]), scale = randn([5]);
        using var filter = new WinogradFilter(weight, bias, scale);
        Near(Direct(input, weight.mul(scale.view(5, 1, 1, 1)), bias), Conv3x3.Apply(input, filter));
    }

    [Fact]
    public void Threads_ChangeNoBit()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        Tensor input = randn([2, 40, 30, 31]), weight = randn([40, 40, 3, 3]);
        using var filter = new WinogradFilter(weight, null);
        int before = Engine.Threads;
        try
        {
            Engine.Threads = 1;
            byte[] one = Conv3x3.Apply(input, filter).contiguous().bytes.ToArray();
            Engine.Threads = 2;
            Assert.Equal(one, Conv3x3.Apply(input, filter).contiguous().bytes.ToArray());
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    [Fact]
    public void Views_AreReadAsTheyAre()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        Tensor whole = randn([2, 12, 10, 11]), weight = randn([4, 6, 3, 3]);
        using var filter = new WinogradFilter(weight, null);
        Tensor view = whole.index(TensorIndex.Slice(1, 2), TensorIndex.Slice(0, 12, 2), TensorIndex.Slice(2, 9));
        Near(Direct(view, weight, null), Conv3x3.Apply(view, filter));
    }

    [Fact]
    public void NaN_StaysInItsTile()
    {
        using var scope = NewDisposeScope();
        Tensor input = ones([1, 4, 16, 16]);
        input[0, 0, 1, 1] = float.NaN;
        using var filter = new WinogradFilter(ones([4, 4, 3, 3]), null);
        Tensor result = Conv3x3.Apply(input, filter, relu: true);
        Assert.True(result[0, 0, 1, 1].isnan().item<bool>());
        Assert.Equal(36, result[0, 0, 10, 10].ToDouble(), 1e-4);
    }

    [Fact]
    public void EmptyBatch_GivesAnEmptyResult()
    {
        using var scope = NewDisposeScope();
        using var filter = new WinogradFilter(ones([4, 3, 3, 3]), null);
        Assert.Equal([0, 4, 7, 9], Conv3x3.Apply(zeros([0, 3, 7, 9]), filter).shape);
    }

    [Fact]
    public void WrongShapes_AreNamed()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("[4,3,5,5]", Assert.Throws<ArgumentException>(() => new WinogradFilter(ones([4, 3, 5, 5]), null)).Message);
        Assert.Contains("bias float32 [4] expected", Assert.Throws<ArgumentException>(() => new WinogradFilter(ones([4, 3, 3, 3]), ones([3]))).Message);
        using var filter = new WinogradFilter(ones([4, 3, 3, 3]), null);
        Assert.Contains("3 channels expected", Assert.Throws<ArgumentException>(() => Conv3x3.Apply(ones([1, 2, 7, 9]), filter)).Message);
    }

    private static Tensor Direct(Tensor input, Tensor weight, Tensor? bias) =>
        F.conv2d(input.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias?.to(ScalarType.Float64), [1, 1], [1, 1]);

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double error = (actual.to(ScalarType.Float64) - expected).abs().max().ToDouble(), largest = expected.abs().max().ToDouble();
        Assert.True(error <= 1e-5 * Math.Max(largest, 1e-3), $"error {error} beside {largest}");
    }
}
