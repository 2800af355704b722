using FsCheck;
using FsCheck.Fluent;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class RoiAlignTests
{
    [Fact]
    public void Apply_OneBinOneSample_IsTheBilinearValueAtTheCentre()
    {
        // Legacy: RoI (0,0)–(2,2), one sample at (1,1), a cell of its own.
        Tensor map = tensor(new float[] { 0, 1, 2, 3, 4, 5, 6, 7, 8 }, [1, 1, 3, 3]);
        Tensor rois = tensor(new float[] { 0, 0, 0, 2, 2, 0, 0, 0, 1, 1 }, [2, 5]);
        Assert.Equal([4f, 2f], Inputs.Floats(RoiAlign.Apply(map, rois, 1, 1, 1, 1, aligned: false)));
        Assert.Equal([2f, 0f], Inputs.Floats(RoiAlign.Apply(map, rois, 1, 1, 1, 1, aligned: true)));
    }

    public static TheoryData<int, int, int, int, int, bool, bool> Sweep()
    {
        var data = new TheoryData<int, int, int, int, int, bool, bool>();
        int[][] sizes = [[1, 1, 7, 7], [3, 2, 3, 5], [37, 2, 2, 2], [64, 1, 7, 7], [101, 3, 1, 4]];
        foreach (int[] s in sizes)
        {
            foreach (int sampling in (int[])[0, 1, 2, 3])
            {
                data.Add(s[0], s[1], s[2], s[3], sampling, sampling % 2 == 0, (s[0] + sampling) % 3 != 0);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sweep))]
    public void ForwardAndBackward_EqualTheOracle(int channels, int batch, int ph, int pw, int sampling, bool aligned, bool channelsLast)
    {
        var random = new RandomStream(channels * 10 + sampling);
        long[] shape = [batch, channels, 13, 17];
        float[] features = Inputs.Gaussian(random, batch * channels * 13 * 17), rois = Inputs.Rois(random, 23, batch, 70);
        float[] gradient = Inputs.Gaussian(random, 23 * channels * ph * pw);
        foreach (bool channelsLastOutput in (bool[])[false, true])
        {
            Tensor map = tensor(features, shape);
            map = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
            Tensor output = RoiAlign.Apply(map, tensor(rois, [23, 5]), ph, pw, 0.25, sampling, aligned, channelsLastOutput);
            Inputs.Close(Oracle.RoiAlign([.. features.Select(v => (double)v)], shape, rois, ph, pw, 0.25, sampling, aligned), Inputs.Floats(output), 1e-4);
            output.backward([tensor(gradient, output.shape)]);
            Inputs.Close(Oracle.RoiAlignGradient(gradient, shape, rois, ph, pw, 0.25, sampling, aligned), Inputs.Floats(map.grad!), 1e-3);
        }
    }

    [Fact]
    public void Gradient_EqualsFiniteDifferencesOfTheOracle()
    {
        var random = new RandomStream(4);
        long[] shape = [1, 2, 5, 6];
        double[] features = [.. Inputs.Gaussian(random, 60).Select(v => (double)v)];
        float[] rois = Inputs.Rois(random, 4, 1, 6), weights = Inputs.Gaussian(random, 4 * 2 * 4);
        double Loss(double[] f) => Oracle.RoiAlign(f, shape, rois, 2, 2, 0.9, 2, true).Zip(weights, (o, w) => o * w).Sum();
        double[] numeric = new double[60];
        for (int i = 0; i < 60; i++)
        {
            double[] up = [.. features], down = [.. features];
            up[i] += 1e-5;
            down[i] -= 1e-5;
            numeric[i] = (Loss(up) - Loss(down)) / 2e-5;
        }

        Tensor map = tensor(features.Select(v => (float)v).ToArray(), shape).requires_grad_(true);
        RoiAlign.Apply(map, tensor(rois, [4, 5]), 2, 2, 0.9, 2, true).mul(tensor(weights, [4, 2, 2, 2])).sum().backward();
        Inputs.Close(numeric, Inputs.Floats(map.grad!), 1e-5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ForwardAndBackward_SameAtAnyThreadCount(bool channelsLast)
    {
        var random = new RandomStream(6);
        Tensor values = tensor(Inputs.Gaussian(random, 2 * 70 * 15 * 11), [2, 70, 15, 11]);
        Tensor rois = tensor(Inputs.Rois(random, 150, 2, 40), [150, 5]), gradient = tensor(Inputs.Gaussian(random, 150 * 70 * 9), [150, 70, 3, 3]);
        Inputs.SameAtAnyThreadCount(() =>
        {
            Tensor map = (channelsLast ? Engine.ChannelsLast(values) : values.clone()).detach().requires_grad_(true);
            Tensor output = RoiAlign.Apply(map, rois, 3, 3, 0.4, 2, false);
            output.backward([gradient]);
            return [.. Inputs.Floats(output), .. Inputs.Floats(map.grad!)];
        });
    }

    [Fact]
    public void Layouts_GiveTheSameBits()
    {
        var random = new RandomStream(7);
        Tensor map = tensor(Inputs.Gaussian(random, 45 * 9 * 8), [1, 45, 9, 8]), rois = tensor(Inputs.Rois(random, 9, 1, 30), [9, 5]);
        float[] contiguous = Inputs.Floats(RoiAlign.Apply(map, rois, 4, 3, 0.3, 0, true));
        Assert.Equal(contiguous, Inputs.Floats(RoiAlign.Apply(Engine.ChannelsLast(map), rois, 4, 3, 0.3, 0, true)));
        Assert.Equal(contiguous, Inputs.Floats(RoiAlign.Apply(map.transpose(2, 3).contiguous().transpose(2, 3), rois, 4, 3, 0.3, 0, true)));
        Assert.False(RoiAlign.Apply(Engine.ChannelsLast(map), rois, 4, 3, 0.3, 0, true).is_contiguous());
        Assert.True(RoiAlign.Apply(Engine.ChannelsLast(map), rois, 4, 3, 0.3, 0, true, channelsLastOutput: false).is_contiguous());
    }

    [Fact]
    public void Translation_ByWholeStrides_MovesWithTheMap()
    {
        Prop.ForAll(Arb.From(Gen.Choose(1, 1_000_000)), seed =>
        {
            var random = new RandomStream(seed);
            Tensor map = tensor(Inputs.Gaussian(random, 3 * 20 * 20), [1, 3, 20, 20]);
            float x = 16 + 16 * random.NextInt(2), y = 16;
            Tensor roi = tensor(new float[] { 0, x, y, x + 20, y + 12 }, [1, 5]), moved = tensor(new float[] { 0, x + 8, y + 8, x + 28, y + 20 }, [1, 5]);
            Tensor here = RoiAlign.Apply(map, roi, 3, 3, 0.25, 2, true), there = RoiAlign.Apply(map.roll([2, 2], [2, 3]), moved, 3, 3, 0.25, 2, true);
            return here.sub(there).abs().max().item<float>() < 1e-5;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void OutsideNaNAndHugeRois_GiveZeroOrFinish()
    {
        Tensor map = ones([1, 2, 6, 6]);
        Tensor rois = tensor(new[] { 0, 100f, 100, 120, 120, 0, float.NaN, 0, 4, 4, 0, -1e9f, -1e9f, 1e9f, 1e9f }, [3, 5]);
        foreach (int sampling in (int[])[0, 2])
        {
            float[] output = Inputs.Floats(RoiAlign.Apply(map, rois, 2, 2, 1, sampling, true));
            Assert.All(output[..16], v => Assert.Equal(0, v));
            Assert.All(output, v => Assert.True(float.IsFinite(v)));
        }
    }

    [Fact]
    public void InvertedRois_LegacyIsOneCell_AlignedIsSampledBackwards()
    {
        Tensor map = tensor(Enumerable.Range(0, 64).Select(i => (float)i).ToArray(), [1, 1, 8, 8]);
        Tensor inverted = tensor(new float[] { 0, 5, 5, 2, 2 }, [1, 5]), upright = tensor(new float[] { 0, 2, 2, 5, 5 }, [1, 5]);
        Assert.Equal(Inputs.Floats(RoiAlign.Apply(map, tensor(new float[] { 0, 5, 5, 6, 6 }, [1, 5]), 2, 2, 1, 2, false)), Inputs.Floats(RoiAlign.Apply(map, inverted, 2, 2, 1, 2, false)));
        Assert.Equal(Inputs.Floats(RoiAlign.Apply(map, upright, 2, 2, 1, 2, true)).Reverse(), Inputs.Floats(RoiAlign.Apply(map, inverted, 2, 2, 1, 2, true)));
    }

    [Fact]
    public void NoRois_GivesAnEmptyResult_AndAZeroGradient()
    {
        Tensor map = ones([1, 3, 4, 4]).requires_grad_(true);
        Tensor output = RoiAlign.Apply(map, zeros([0, 5]), 7, 7, 1, 2, false);
        Assert.Equal([0L, 3, 7, 7], output.shape);
        output.sum().backward();
        Assert.Equal(0, map.grad!.abs().sum().item<float>());
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Tensor map = ones([2, 3, 4, 4]);
        Assert.Contains("rois [K,5] expected, got [12,4]", Assert.Throws<ArgumentException>(() => RoiAlign.Apply(map, zeros([12, 4]), 7, 7, 1, 2, false)).Message);
        Assert.Contains("input [B,C,H,W] expected, got [3,4,4]", Assert.Throws<ArgumentException>(() => RoiAlign.Apply(ones([3, 4, 4]), zeros([1, 5]), 7, 7, 1, 2, false)).Message);
        Assert.Contains("rois[1,0] is an image index 0…1, got 2", Assert.Throws<ArgumentException>(() => RoiAlign.Apply(map, tensor(new float[] { 0, 0, 0, 1, 1, 2, 0, 0, 1, 1 }, [2, 5]), 7, 7, 1, 2, false)).Message);
        Assert.Contains("pooledHeight ≥ 1 expected, got 0", Assert.Throws<ArgumentOutOfRangeException>(() => RoiAlign.Apply(map, zeros([1, 5]), 0, 7, 1, 2, false)).Message);
    }
}
