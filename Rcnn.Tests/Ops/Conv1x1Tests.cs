using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Ops;

public sealed class Conv1x1Tests
{
    [Fact]
    public void Apply_OnePixel_IsTheSumByHand()
    {
        using var scope = NewDisposeScope();
        using var filter = new PointwiseFilter(tensor(new[] { 1f, 2, 3, -4 }, [2, 2, 1, 1]), tensor(new[] { 0.5f, 1 }));
        Tensor input = tensor(new[] { 10f, 100 }, [1, 2, 1, 1]);
        Assert.Equal([210.5f, -369], Conv1x1.Apply(input, filter).contiguous().data<float>().ToArray());
        Assert.Equal([210.5f, 0], Conv1x1.Apply(input, filter, activation: PointwiseActivation.Relu).contiguous().data<float>().ToArray());
        Assert.Equal([211.5f, -366], Conv1x1.Apply(input, filter, tensor(new[] { 1f, 3 }, [1, 2, 1, 1])).contiguous().data<float>().ToArray());
    }

    [Theory]
    [InlineData(1, 8, 8, 1, 1)]
    [InlineData(2, 64, 48, 13, 9)]
    [InlineData(1, 7, 35, 5, 21)]
    [InlineData(3, 40, 17, 2, 3)]
    [InlineData(1, 300, 70, 24, 40)]
    public void Apply_AgreesWithADirectSumInDouble(int batch, int inputs, int outputs, int height, int width)
    {
        using var scope = NewDisposeScope();
        manual_seed(batch + inputs);
        Tensor input = randn([batch, inputs, height, width]), weight = randn([outputs, inputs, 1, 1]), bias = randn([outputs]), scale = randn([outputs]), residual = randn([batch, outputs, height, width]);
        Tensor expected = Direct(input, weight.mul(scale.view(-1, 1, 1, 1)), bias), sum = expected.add(residual);
        using var filter = new PointwiseFilter(weight, bias, scale);
        Near(expected, Conv1x1.Apply(input, filter));
        Near(expected, Conv1x1.Apply(Engine.ChannelsLast(input), filter));
        Near(sum, Conv1x1.Apply(input, filter, residual));
        Near(sum.clamp(min: 0), Conv1x1.Apply(input, filter, Engine.ChannelsLast(residual), PointwiseActivation.Relu));
        Near(expected.clamp(0, 6), Conv1x1.Apply(input, filter, null, PointwiseActivation.Relu6));
        Near(expected.mul(expected.add(3).clamp(0, 6)).div(6), Conv1x1.Apply(input, filter, null, PointwiseActivation.Hardswish));
    }

    [Fact]
    public void Threads_ChangeNoBit()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        Tensor input = randn([2, 140, 30, 31]), residual = randn([2, 90, 30, 31]);
        using var filter = new PointwiseFilter(randn([90, 140, 1, 1]), null);
        int before = Engine.Threads;
        try
        {
            Engine.Threads = 1;
            byte[] one = Conv1x1.Apply(input, filter, residual, PointwiseActivation.Hardswish).contiguous().bytes.ToArray();
            Engine.Threads = 2;
            Assert.Equal(one, Conv1x1.Apply(input, filter, residual, PointwiseActivation.Hardswish).contiguous().bytes.ToArray());
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    [Theory]
    [InlineData(PointwiseActivation.None)]
    [InlineData(PointwiseActivation.Relu)]
    [InlineData(PointwiseActivation.Relu6)]
    [InlineData(PointwiseActivation.Hardswish)]
    public void NaN_StaysInItsPixel(PointwiseActivation activation)
    {
        using var scope = NewDisposeScope();
        Tensor input = ones([1, 4, 5, 5]);
        input[0, 0, 1, 1] = float.NaN;
        using var filter = new PointwiseFilter(ones([18, 4, 1, 1]), null);
        Tensor nan = Conv1x1.Apply(input, filter, null, activation).isnan();
        Assert.Equal(18, nan.sum().ToInt64());
        Assert.True(nan[0, 17, 1, 1].item<bool>());
    }

    [Fact]
    public void EmptyBatch_GivesAnEmptyResult()
    {
        using var scope = NewDisposeScope();
        using var filter = new PointwiseFilter(ones([4, 3, 1, 1]), null);
        Assert.Equal([0, 4, 7, 9], Conv1x1.Apply(zeros([0, 3, 7, 9]), filter).shape);
    }

    [Fact]
    public void WrongShapes_AreNamed()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("[4,3,3,3]", Assert.Throws<ArgumentException>(() => new PointwiseFilter(ones([4, 3, 3, 3]), null)).Message);
        Assert.Contains("bias float32 [4] expected", Assert.Throws<ArgumentException>(() => new PointwiseFilter(ones([4, 3, 1, 1]), ones([3]))).Message);
        using var filter = new PointwiseFilter(ones([4, 3, 1, 1]), null);
        Assert.Contains("3 channels expected", Assert.Throws<ArgumentException>(() => Conv1x1.Apply(ones([1, 2, 7, 9]), filter)).Message);
        Assert.Contains("residual [1,4,7,9] expected, got [1,4,7,8]", Assert.Throws<ArgumentException>(() => Conv1x1.Apply(ones([1, 3, 7, 9]), filter, ones([1, 4, 7, 8]))).Message);
    }

    private static Tensor Direct(Tensor input, Tensor weight, Tensor? bias) =>
        F.conv2d(input.to(ScalarType.Float64), weight.to(ScalarType.Float64), bias?.to(ScalarType.Float64));

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double error = (actual.to(ScalarType.Float64) - expected).abs().max().ToDouble(), largest = expected.abs().max().ToDouble();
        Assert.True(error <= 2e-6 * Math.Max(largest, 1), $"error {error} beside {largest}");
    }
}
