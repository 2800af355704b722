using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

public sealed class RoiPoolKernelTests
{
    [Theory]
    [InlineData(1, 1, 7, 7, false)]
    [InlineData(3, 2, 2, 3, true)]
    [InlineData(40, 2, 7, 7, true)]
    [InlineData(72, 1, 18, 17, false)]
    public void ForwardAndBackward_EqualTheOracle(int channels, int batch, int ph, int pw, bool channelsLast)
    {
        var random = new RandomStream(channels);
        long[] shape = [batch, channels, 11, 13];
        // Few values: ties go to the first cell.
        float[] features = [.. Enumerable.Range(0, batch * channels * 143).Select(_ => random.NextInt(9) - 4f)], rois = Inputs.Rois(random, 12, batch, 60);
        (float[] values, int[] winners) = Oracle.RoiPool(features, shape, rois, ph, pw, 0.25);
        float[] gradient = Inputs.Gaussian(random, values.Length);
        double[] expected = new double[features.Length];
        for (int i = 0; i < winners.Length; i++)
        {
            int plane = (int)rois[5 * (i / (channels * ph * pw))] * channels + i / (ph * pw) % channels;
            if (winners[i] >= 0)
            {
                expected[plane * 143 + winners[i]] += gradient[i];
            }
        }

        foreach (ulong seed in KernelCheck.Seeds)
        {
            using IDisposable kernels = HostKernels.Use(seed);
            Tensor map = tensor(features, shape);
            map = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
            Tensor output = RoiPool.Apply(map, tensor(rois, [12, 5]), ph, pw, 0.25);
            Assert.Equal(values, Inputs.Floats(output));
            output.backward([tensor(gradient, output.shape)]);
            Inputs.Close(expected, Inputs.Floats(map.grad!), 1e-4);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, RoiRounding.HalfToEven)]
    [InlineData(ScalarType.Float16, RoiRounding.HalfAwayFromZero)]
    [InlineData(ScalarType.BFloat16, RoiRounding.HalfToEven)]
    public void HalvesAndOddRois_EqualTheCpuPathOnTheSameNumbers(ScalarType type, RoiRounding rounding)
    {
        float nan = float.NaN, inf = float.PositiveInfinity;
        float[] rois = [0, 2, 2, 6, 10, 0, 20, 20, 4, 4, 0, nan, 0, 8, 8, 0, -1e9f, -1e9f, 1e9f, 1e9f, 0, 0, 0, inf, inf, 0, 1, 1, 1e6f, 2, 0, -900, -900, -800, -800, 0, 3e9f, 3e9f, 4e9f, 4e9f];
        Tensor map = tensor(Inputs.Gaussian(new RandomStream(3), 16 * 63), [1, 16, 7, 9]).to(type);
        Tensor regions = tensor(rois, [rois.Length / 5, 5]), reference = map.to(float32).detach().requires_grad_(true), own = map.detach().requires_grad_(true);
        Tensor expected = RoiPool.Apply(reference, regions, 3, 2, 0.5, rounding);
        // Gradients of 1: sums are whole and exact in every type.
        expected.backward([ones_like(expected)]);
        using IDisposable kernels = HostKernels.Use(4);
        Tensor got = RoiPool.Apply(own, regions, 3, 2, 0.5, rounding);
        got.backward([ones_like(got)]);
        Assert.Equal(type, got.dtype);
        Assert.Equal(Inputs.Floats(expected), Inputs.Floats(got.to(float32)));
        Assert.Equal(Inputs.Floats(reference.grad!), Inputs.Floats(own.grad!.to(float32)));
    }

    [Fact]
    public void NaNFeatures_NeverWin()
    {
        float[] features = [float.NaN, 1, 2, float.NaN, -3, float.NegativeInfinity, float.NaN, float.NaN, float.PositiveInfinity];
        Tensor map = tensor(features, [1, 1, 3, 3]), rois = tensor(new float[] { 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 0, 2, 1, 2, 1 }, [4, 5]);
        KernelCheck.SameBits(() => [RoiPool.Apply(map, rois, 1, 1, 1), RoiPool.Apply(map, rois, 2, 2, 1)], "roi_pool_forward_f32_scalar");
    }
}
