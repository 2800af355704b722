using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class RoiPoolTests
{
    [Fact]
    public void Apply_FourQuarters_GivesTheirMaxima()
    {
        Tensor map = tensor(Enumerable.Range(0, 16).Select(i => (float)i).ToArray(), [1, 1, 4, 4]).requires_grad_(true);
        Tensor output = RoiPool.Apply(map, tensor(new float[] { 0, 0, 0, 3, 3 }, [1, 5]), 2, 2, 1);
        Assert.Equal([5f, 7, 13, 15], Inputs.Floats(output));
        output.sum().backward();
        Assert.Equal([5, 7, 13, 15], Inputs.Floats(map.grad!).Select((g, i) => (g, i)).Where(p => p.g == 1).Select(p => p.i));
    }

    [Fact]
    public void Corners_RoundHalfAwayFromZero()
    {
        Tensor map = tensor(Enumerable.Range(0, 6).Select(i => (float)i).ToArray(), [1, 1, 1, 6]);
        // 0.5 → 1 and 2.5 → 3, both ends inside.
        Assert.Equal([3f], Inputs.Floats(RoiPool.Apply(map, tensor(new[] { 0, 0.5f, 0, 2.5f, 0 }, [1, 5]), 1, 1, 1)));
    }

    [Theory]
    [InlineData(1, 1, 7, 7, true)]
    [InlineData(5, 2, 3, 2, false)]
    [InlineData(37, 2, 2, 4, true)]
    [InlineData(64, 1, 7, 7, false)]
    public void ForwardAndBackward_EqualTheOracle(int channels, int batch, int ph, int pw, bool channelsLast)
    {
        var random = new RandomStream(channels);
        long[] shape = [batch, channels, 11, 14];
        float[] features = Inputs.Gaussian(random, batch * channels * 11 * 14), rois = Inputs.Rois(random, 19, batch, 100);
        float[] gradient = Inputs.Gaussian(random, 19 * channels * ph * pw);
        Tensor map = tensor(features, shape);
        map = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
        Tensor output = RoiPool.Apply(map, tensor(rois, [19, 5]), ph, pw, 0.125);
        (float[] values, int[] winners) = Oracle.RoiPool(features, shape, rois, ph, pw, 0.125);
        Assert.Equal(values, Inputs.Floats(output));
        using (no_grad())
        {
            Assert.Equal(values, Inputs.Floats(RoiPool.Apply(map, tensor(rois, [19, 5]), ph, pw, 0.125)));
        }

        output.backward([tensor(gradient, output.shape)]);
        var expected = new double[features.Length];
        for (int i = 0; i < winners.Length; i++)
        {
            int plane = i / (ph * pw), k = plane / channels, c = plane % channels;
            if (winners[i] >= 0)
            {
                expected[((int)rois[5 * k] * channels + c) * 11 * 14 + winners[i]] += gradient[i];
            }
        }

        Inputs.Close(expected, Inputs.Floats(map.grad!), 1e-4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ForwardAndBackward_SameAtAnyThreadCount(bool channelsLast)
    {
        var random = new RandomStream(6);
        Tensor values = tensor(Inputs.Gaussian(random, 70 * 15 * 11), [1, 70, 15, 11]);
        Tensor rois = tensor(Inputs.Rois(random, 150, 1, 40), [150, 5]), gradient = tensor(Inputs.Gaussian(random, 150 * 70 * 9), [150, 70, 3, 3]);
        Inputs.SameAtAnyThreadCount(() =>
        {
            Tensor map = (channelsLast ? Engine.ChannelsLast(values) : values.clone()).detach().requires_grad_(true);
            Tensor output = RoiPool.Apply(map, rois, 3, 3, 0.4);
            output.backward([gradient]);
            return [.. Inputs.Floats(output), .. Inputs.Floats(map.grad!)];
        });
    }

    [Fact]
    public void BinsOutsideTheMap_AreZeroWithoutGradient_AndNaNNeverWins()
    {
        Tensor map = tensor(new float[] { float.NaN, 1, 2, 3 }, [1, 1, 2, 2]).requires_grad_(true);
        Tensor output = RoiPool.Apply(map, tensor(new float[] { 0, 50, 50, 60, 60, 0, 0, 0, 1, 1 }, [2, 5]), 1, 1, 1);
        Assert.Equal([0f, 3f], Inputs.Floats(output));
        output.sum().backward();
        Assert.Equal([0f, 0, 0, 1], Inputs.Floats(map.grad!));
    }

    [Fact]
    public void NoRois_GivesAnEmptyResult() => Assert.Equal([0L, 3, 2, 2], RoiPool.Apply(ones([1, 3, 4, 4]), zeros([0, 5]), 2, 2, 1).shape);

    [Fact]
    public void WrongInput_IsNamed() =>
        Assert.Contains("rois [K,5] expected, got [12,4]", Assert.Throws<ArgumentException>(() => RoiPool.Apply(ones([1, 3, 4, 4]), zeros([12, 4]), 2, 2, 1)).Message);
}
