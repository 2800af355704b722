using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

public sealed class RoiAlignKernelTests
{
    public static TheoryData<int, int, int, int, int, bool, bool, bool> Sweep()
    {
        var data = new TheoryData<int, int, int, int, int, bool, bool, bool>();
        int[][] sizes = [[1, 1, 7, 7], [3, 2, 3, 5], [37, 2, 2, 2], [8, 1, 17, 19], [136, 2, 7, 7]];
        for (int i = 0; i < sizes.Length; i++)
        {
            foreach (int sampling in (int[])[0, 1, 2, 9])
            {
                data.Add(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], sampling, (i + sampling) % 2 == 0, (i + sampling) % 3 != 0, i % 2 == 0);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sweep))]
    public void ForwardAndBackward_EqualTheOracleForAnyOrderOfThreads(int channels, int batch, int ph, int pw, int sampling, bool aligned, bool channelsLast, bool channelsLastOutput)
    {
        var random = new RandomStream(channels * 10 + sampling);
        long[] shape = [batch, channels, 13, 17];
        float[] features = Inputs.Gaussian(random, batch * channels * 13 * 17), rois = Inputs.Rois(random, 11, batch, 70);
        float[] gradient = Inputs.Gaussian(random, 11 * channels * ph * pw);
        double[] expected = Oracle.RoiAlign([.. features.Select(v => (double)v)], shape, rois, ph, pw, 0.25, sampling, aligned);
        double[] expectedGradient = Oracle.RoiAlignGradient(gradient, shape, rois, ph, pw, 0.25, sampling, aligned);
        List<float[]> runs = [];
        foreach (ulong seed in (ulong[])[1, 2])
        {
            using IDisposable kernels = HostKernels.Use(seed);
            Tensor map = tensor(features, shape);
            map = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
            Tensor output = RoiAlign.Apply(map, tensor(rois, [11, 5]), ph, pw, 0.25, sampling, aligned, channelsLastOutput);
            Inputs.Close(expected, Inputs.Floats(output), 1e-4);
            output.backward([tensor(gradient, output.shape)]);
            Inputs.Close(expectedGradient, Inputs.Floats(map.grad!), 1e-3);
            runs.Add([.. Inputs.Floats(output), .. Inputs.Floats(map.grad!)]);
        }

        Assert.Equal(runs[0].Select(BitConverter.SingleToInt32Bits), runs[1].Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData(ScalarType.Float16, 16, true, 1e-3)]
    [InlineData(ScalarType.Float16, 5, false, 1e-3)]
    [InlineData(ScalarType.BFloat16, 16, false, 8e-3)]
    [InlineData(ScalarType.BFloat16, 5, true, 8e-3)]
    public void HalfPrecision_SumsInFloatAndRoundsOnce(ScalarType type, int channels, bool channelsLast, double relative)
    {
        using IDisposable kernels = HostKernels.Use(3);
        var random = new RandomStream(channels);
        long[] shape = [2, channels, 9, 11];
        Tensor map = tensor(Inputs.Gaussian(random, 2 * channels * 99), shape).to(type);
        float[] rounded = Inputs.Floats(map.to(float32)), rois = Inputs.Rois(random, 9, 2, 40);
        map = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
        Tensor output = RoiAlign.Apply(map, tensor(rois, [9, 5]), 3, 3, 0.25, 2, true);
        Assert.Equal(type, output.dtype);
        Inputs.Close(Oracle.RoiAlign([.. rounded.Select(v => (double)v)], shape, rois, 3, 3, 0.25, 2, true), Inputs.Floats(output.to(float32)), 1e-4, relative);
        Tensor gradient = tensor(Inputs.Gaussian(random, 9 * channels * 9), output.shape).to(type);
        output.backward([gradient]);
        Inputs.Close(Oracle.RoiAlignGradient(Inputs.Floats(gradient.to(float32)), shape, rois, 3, 3, 0.25, 2, true), Inputs.Floats(map.grad!.to(float32)), 1e-3, relative);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OddRois_EqualTheCpuPath(bool aligned)
    {
        float nan = float.NaN, inf = float.PositiveInfinity;
        float[] rois =
        [
            0, 20, 20, 4, 4, 0, nan, 0, 8, 8, 0, 0, 0, nan, 8, 0, -1e9f, -1e9f, 1e9f, 1e9f, 0, 3e8f, 0, 4e8f, 9, 0, 5, 5, 5, 5, 0, 0, 0, inf, inf, 0, 1, 1, 1e6f, 2, 0, -900, -900, -800, -800,
        ];
        Tensor map = tensor(Inputs.Gaussian(new RandomStream(1), 4 * 63), [1, 4, 7, 9]), regions = tensor(rois, [rois.Length / 5, 5]);
        foreach (int sampling in (int[])[0, 2])
        {
            Tensor expectedMap = map.detach().clone().requires_grad_(true), gotMap = map.detach().clone().requires_grad_(true);
            Tensor expected = RoiAlign.Apply(expectedMap, regions, 3, 2, 1, sampling, aligned);
            expected.backward([ones_like(expected)]);
            using IDisposable kernels = HostKernels.Use(4);
            Tensor got = RoiAlign.Apply(gotMap, regions, 3, 2, 1, sampling, aligned);
            got.backward([ones_like(got)]);
            Inputs.Close([.. Inputs.Floats(expected).Select(v => (double)v)], Inputs.Floats(got), 1e-5);
            Inputs.Close([.. Inputs.Floats(expectedMap.grad!).Select(v => (double)v)], Inputs.Floats(gotMap.grad!), 1e-4);
        }
    }

    [Fact]
    public void NoRoisOrAnIndexOutsideTheBatch_GivesNothing()
    {
        using IDisposable kernels = HostKernels.Use();
        Tensor map = ones([1, 3, 4, 4]).requires_grad_(true);
        Assert.Equal([0L, 3, 2, 2], RoiAlign.Apply(map, zeros([0, 5]), 2, 2, 1, 2, true).shape);
        Tensor output = RoiAlign.Apply(map, tensor(new float[] { 1, 0, 0, 3, 3, -1, 0, 0, 3, 3 }, [2, 5]), 2, 2, 1, 2, true);
        output.sum().backward();
        Assert.All(Inputs.Floats(output), v => Assert.Equal(0, v));
        Assert.All(Inputs.Floats(map.grad!), v => Assert.Equal(0, v));
    }

    [Fact]
    public void ViewWithAnOddOffset_TakesTheScalarKernel()
    {
        using IDisposable kernels = HostKernels.Use();
        float[] values = Inputs.Gaussian(new RandomStream(2), 1 + 4 * 20), rois = [0, 0, 0, 4, 3];
        // [1,4,5,4] channels-last that begins one float after the start of the memory.
        Tensor map = tensor(values)[TensorIndex.Slice(1)].reshape(1, 5, 4, 4).permute(0, 3, 1, 2);
        double[] plain = [.. Inputs.Floats(map).Select(v => (double)v)];
        Inputs.Close(Oracle.RoiAlign(plain, [1, 4, 5, 4], rois, 2, 2, 1, 2, false), Inputs.Floats(RoiAlign.Apply(map, tensor(rois, [1, 5]), 2, 2, 1, 2, false)), 1e-5);
    }

    [Fact]
    public void WrongInputs_AreNamed()
    {
        using IDisposable kernels = HostKernels.Use();
        Assert.Contains("input of Float32, Float16 or BFloat16 expected, got Float64", Assert.Throws<ArgumentException>(() => RoiAlign.Apply(ones([1, 1, 2, 2], float64), zeros([1, 5]), 1, 1, 1, 1, true)).Message, StringComparison.Ordinal);
        Assert.Contains("rois [N,5] expected, got [1,4]", Assert.Throws<ArgumentException>(() => RoiAlign.Apply(ones([1, 1, 2, 2]), zeros([1, 4]), 1, 1, 1, 1, true)).Message, StringComparison.Ordinal);
    }
}
