using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

/// <summary>What RoIAlign, its maximum, RoIWarp and RoIPool have in common, behind the one setting that chooses among them.</summary>
[Trait("Vectors", "fingerprints")]
public sealed class RoiPoolingTests
{
    private static readonly string[] Rules = ["legacy", "aligned", "edges", "corners", "quantized-edges", "quantized-corners"];

    public static TheoryData<string, bool, int> Sweep()
    {
        var data = new TheoryData<string, bool, int>();
        foreach (string rule in Rules)
        {
            foreach (bool max in (bool[])[false, true])
            {
                foreach (int channels in (int[])[1, 3, 17, 100])
                {
                    data.Add(rule, max, channels);
                }
            }
        }

        return data;
    }

    public static TheoryData<string> Everyone() => [.. Settings.Keys];

    private static readonly Dictionary<string, RoiPooling> Settings = new()
    {
        ["align"] = new RoiAlignPooling(),
        ["align adaptive aligned"] = new RoiAlignPooling(0, true),
        ["align max"] = new RoiAlignPooling(2, false, BinReduction.Max),
        ["align max adaptive aligned"] = new RoiAlignPooling(0, true, BinReduction.Max),
        ["pool"] = new RoiMaxPooling(),
        ["pool half to even"] = new RoiMaxPooling(RoiRounding.HalfToEven),
        ["warp"] = new RoiWarpPooling(),
        ["warp average quantized"] = new RoiWarpPooling(WarpGrid.Edges, 2, BinReduction.Average, true),
        ["crop and resize"] = new RoiWarpPooling(WarpGrid.Corners, 1, BinReduction.Average),
    };

    [Theory]
    [MemberData(nameof(Sweep))]
    public void ForwardAndBackward_EqualTheOracle_InEveryLayout(string rule, bool max, int channels)
    {
        foreach ((int batch, int height, int width, int ph, int pw, int sampling) in ((int, int, int, int, int, int)[])[(2, 13, 17, 3, 2, 2), (1, 1, 1, 2, 2, 1), (3, 9, 8, 1, 1, 1), (1, 12, 11, 7, 7, 0), (2, 6, 19, 2, 3, 3)])
        {
            if (sampling == 0 && rule is not ("legacy" or "aligned"))
            {
                continue;
            }

            var random = new RandomStream(channels * 100 + height);
            long[] shape = [batch, channels, height, width];
            float[] features = Inputs.Gaussian(random, batch * channels * height * width), rois = Inputs.Rois(random, 37, batch, 70);
            float[] gradient = Inputs.Gaussian(random, 37 * channels * ph * pw);
            var c = new RoiSamplingOracle.Case(rule, ph, pw, 0.25, sampling, max);
            (double[] values, double[] expected) = RoiSamplingOracle.Run(c, [.. features.Select(v => (double)v)], shape, rois, gradient);
            foreach (bool channelsLast in (bool[])[false, true])
            {
                Tensor map = tensor(features, shape);
                map = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
                foreach (bool channelsLastOutput in (bool[])[false, true])
                {
                    Tensor output = Of(c).Apply(map, tensor(rois, [37, 5]), ph, pw, 0.25, channelsLastOutput);
                    Inputs.Close(values, Inputs.Floats(output), 1e-4);
                    map.grad = null;
                    output.backward([tensor(gradient, output.shape)]);
                    Inputs.Close(expected, Inputs.Floats(map.grad!), 1e-3);
                    using (no_grad())
                    {
                        Assert.Equal(Inputs.Floats(output), Inputs.Floats(Of(c).Apply(map, tensor(rois, [37, 5]), ph, pw, 0.25, channelsLastOutput)));
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("legacy", true)]
    [InlineData("edges", false)]
    [InlineData("edges", true)]
    [InlineData("corners", true)]
    public void Gradient_EqualsFiniteDifferencesOfTheOracle(string rule, bool max)
    {
        var random = new RandomStream(9);
        long[] shape = [1, 2, 5, 6];
        double[] features = [.. Inputs.Gaussian(random, 60).Select(v => (double)v)];
        float[] rois = Inputs.Rois(random, 6, 1, 6), weights = Inputs.Gaussian(random, 6 * 2 * 4);
        var c = new RoiSamplingOracle.Case(rule, 2, 2, 0.9, 2, max);
        double Loss(double[] f) => RoiSamplingOracle.Run(c, f, shape, rois, null).Values.Zip(weights, (o, w) => o * w).Sum();
        var numeric = new double[60];
        for (int i = 0; i < 60; i++)
        {
            double[] up = [.. features], down = [.. features];
            up[i] += 1e-6;
            down[i] -= 1e-6;
            numeric[i] = (Loss(up) - Loss(down)) / 2e-6;
        }

        Tensor map = tensor(features.Select(v => (float)v).ToArray(), shape).requires_grad_(true);
        Of(c).Apply(map, tensor(rois, [6, 5]), 2, 2, 0.9).mul(tensor(weights, [6, 2, 2, 2])).sum().backward();
        Inputs.Close(numeric, Inputs.Floats(map.grad!), 1e-4);
    }

    [Fact]
    public void Max_IsTheLargestInterpolatedValue_NotTheLargestCorner()
    {
        // One sample a bin, half way between 0 and 4: 2, and both cells share the gradient.
        Tensor map = tensor(new float[] { 0, 4 }, [1, 1, 1, 2]).requires_grad_(true);
        Tensor output = RoiAlign.Apply(map, tensor(new[] { 0, 0f, -0.5f, 1, 0.5f }, [1, 5]), 1, 1, 1, 1, aligned: false, reduction: BinReduction.Max);
        Assert.Equal([2f], Inputs.Floats(output));
        output.sum().backward();
        Assert.Equal([0.5f, 0.5f], Inputs.Floats(map.grad!));
    }

    [Fact]
    public void CropAndResize_OfTheWholeMapToItsSize_IsTheMap()
    {
        Tensor map = tensor(Inputs.Gaussian(new RandomStream(1), 2 * 5 * 9), [1, 2, 5, 9]);
        Tensor output = RoiWarp.Apply(map, tensor(new float[] { 0, 0, 0, 8, 4 }, [1, 5]), 5, 9, 1, WarpGrid.Corners, samples: 1);
        Assert.Equal(Inputs.Floats(map), Inputs.Floats(output));
        Tensor mirrored = RoiWarp.Apply(map, tensor(new float[] { 0, 8, 0, 0, 4 }, [1, 5]), 5, 9, 1, WarpGrid.Corners, samples: 1);
        Assert.Equal(Inputs.Floats(map.flip([3])), Inputs.Floats(mirrored));
    }

    [Fact]
    public void RoiPool_HalfToEven_KeepsTheEvenCell()
    {
        Tensor map = tensor(Enumerable.Range(0, 6).Select(i => (float)i).ToArray(), [1, 1, 1, 6]), roi = tensor(new[] { 0, 0.5f, 0, 2.5f, 0 }, [1, 5]);
        Assert.Equal([2f], Inputs.Floats(RoiPool.Apply(map, roi, 1, 1, 1, RoiRounding.HalfToEven)));
        Assert.Equal([3f], Inputs.Floats(RoiPool.Apply(map, roi, 1, 1, 1)));
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void ThreadsAndViews_GiveTheSameBits(string name)
    {
        RoiPooling pooling = Settings[name];
        var random = new RandomStream(6);
        Tensor wide = tensor(Inputs.Gaussian(random, 2 * 160 * 15 * 11), [2, 160, 15, 11]);
        Tensor rois = tensor(Inputs.Rois(random, 150, 2, 40), [150, 5]), gradient = tensor(Inputs.Gaussian(random, 150 * 150 * 9), [150, 150, 3, 3]);
        Tensor slice = wide.narrow(1, 7, 150);
        float[] plain = Inputs.Floats(pooling.Apply(slice.contiguous(), rois, 3, 3, 0.4));
        Assert.Equal(plain, Inputs.Floats(pooling.Apply(slice, rois, 3, 3, 0.4)));
        Assert.Equal(plain, Inputs.Floats(pooling.Apply(Engine.ChannelsLast(wide).narrow(1, 7, 150), rois, 3, 3, 0.4)));
        Assert.Equal(plain, Inputs.Floats(pooling.Apply(slice.transpose(2, 3).contiguous().transpose(2, 3), rois, 3, 3, 0.4)));
        Tensor one = slice.narrow(0, 0, 1), none = tensor(Inputs.Rois(random, 9, 1, 40), [9, 5]);
        Assert.Equal(Inputs.Floats(pooling.Apply(one.expand(2, 150, 15, 11).contiguous(), none, 3, 3, 0.4)),
            Inputs.Floats(pooling.Apply(one.expand(2, 150, 15, 11), none, 3, 3, 0.4)));
        Inputs.SameAtAnyThreadCount(() =>
        {
            Tensor map = slice.contiguous().detach().requires_grad_(true);
            Tensor output = pooling.Apply(map, rois, 3, 3, 0.4);
            output.backward([gradient]);
            return [.. Inputs.Floats(output), .. Inputs.Floats(map.grad!)];
        });
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void PermutedRois_PermuteTheOutput(string name)
    {
        var random = new RandomStream(2);
        Tensor map = tensor(Inputs.Gaussian(random, 2 * 20 * 9 * 8), [2, 20, 9, 8]), rois = tensor(Inputs.Rois(random, 40, 2, 30), [40, 5]);
        Tensor order = tensor(Enumerable.Range(0, 40).Select(i => (long)(i * 7 % 40)).ToArray());
        Assert.Equal(Inputs.Floats(Settings[name].Apply(map, rois, 3, 3, 0.3).index_select(0, order)),
            Inputs.Floats(Settings[name].Apply(map, rois.index_select(0, order), 3, 3, 0.3)));
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void MapAndRoisByPowersOfTwo_ScaleAlike(string name)
    {
        var random = new RandomStream(5);
        Tensor map = tensor(Inputs.Gaussian(random, 4 * 9 * 8), [1, 4, 9, 8]), rois = tensor(Inputs.Rois(random, 12, 1, 30), [12, 5]);
        Tensor twice = rois.mul(tensor(new float[] { 1, 2, 2, 2, 2 }));
        Assert.Equal(Inputs.Floats(Settings[name].Apply(map, rois, 3, 3, 0.25)), Inputs.Floats(Settings[name].Apply(map, twice, 3, 3, 0.125)));
        Assert.Equal(Inputs.Floats(Settings[name].Apply(map, rois, 3, 3, 0.25).mul(4)), Inputs.Floats(Settings[name].Apply(map.mul(4), rois, 3, 3, 0.25)));
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void EmptyOutsideNaNAndHuge_GiveZeroOrFinish(string name)
    {
        RoiPooling pooling = Settings[name];
        Tensor map = ones([1, 2, 6, 6]).requires_grad_(true);
        float inf = float.PositiveInfinity;
        Tensor rois = tensor(new[] { 0, 100f, 100, 120, 120, 0, -90, -90, -50, -50, 0, float.NaN, 0, 4, 4, 0, -1e30f, -1e30f, 1e30f, 1e30f, 0, -inf, -inf, inf, inf, 0, 4, 4, 1, 1 }, [6, 5]);
        Tensor output = pooling.Apply(map, rois, 2, 2, 1);
        float[] values = Inputs.Floats(output);
        Assert.All(values[..16], v => Assert.Equal(0, v));
        Assert.All(values, v => Assert.True(v is >= 0 and <= 1.000001f, $"{v}"));
        output.sum().backward();
        Assert.All(Inputs.Floats(map.grad!), v => Assert.True(float.IsFinite(v)));
        Tensor empty = pooling.Apply(map, zeros([0, 5]), 7, 7, 1);
        Assert.Equal([0L, 2, 7, 7], empty.shape);
        map.grad = null;
        empty.sum().backward();
        Assert.Equal(0, map.grad!.abs().sum().item<float>());
        Assert.Equal([0L, 2, 7, 7], pooling.Apply(zeros([0, 2, 6, 6]), zeros([0, 5]), 7, 7, 1).shape);
        Assert.Contains("rois [K,5] expected, got [12,4]", Assert.Throws<ArgumentException>(() => pooling.Apply(map, zeros([12, 4]), 7, 7, 1)).Message);
        Assert.Contains("pooledWidth ≥ 1 expected, got -1", Assert.Throws<ArgumentOutOfRangeException>(() => pooling.Apply(map, zeros([1, 5]), 7, -1, 1)).Message);
    }

    [Theory]
    [MemberData(nameof(Everyone))]
    public void Pyramid_IsTheOperatorOfEachBoxOnItsLevel_WithGradients(string name)
    {
        RoiPooling pooling = Settings[name];
        var random = new RandomStream(3);
        Tensor[] maps = [.. new[] { 64, 32, 16, 8 }.Select(s => tensor(Inputs.Gaussian(random, 5 * s * s), [1, 5, s, s]).requires_grad_(true))];
        Tensor[] copies = [.. maps.Select(m => m.detach().clone().requires_grad_(true))];
        float[] boxes = [.. Inputs.Boxes(random, 30, 200, 200, 250), float.NaN, 0, 5, 5];
        var pool = new MultiScaleRoiPooling(3, 3, pooling);
        double[] scales = MultiScaleRoiPooling.InferScales(maps, [(250, 317)]);
        long[] levels = Inputs.Longs(pool.Levels([Inputs.BoxTensor(boxes)], scales));
        foreach (bool channelsLast in (bool[])[false, true])
        {
            Tensor output = pool.Apply(maps, [Inputs.BoxTensor(boxes)], [(250, 317)], channelsLast);
            Tensor expected = stack([.. Enumerable.Range(0, 31).Select(k => k == 30 ? zeros([5, 3, 3]) :
                pooling.Apply(copies[levels[k]], tensor(new[] { 0, boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3] }, [1, 5]), 3, 3, scales[levels[k]])[0])]);
            Assert.Equal(Inputs.Floats(expected), Inputs.Floats(output));
            Tensor gradient = tensor(Inputs.Gaussian(random, output.numel()), output.shape);
            output.backward([gradient]);
            expected.backward([gradient]);
        }

        for (int l = 0; l < 4; l++)
        {
            Inputs.Close([.. Inputs.Floats(copies[l].grad ?? zeros_like(copies[l])).Select(v => (double)v)], Inputs.Floats(maps[l].grad!), 1e-5);
        }
    }

    private static RoiPooling Of(RoiSamplingOracle.Case c)
    {
        BinReduction reduction = c.Max ? BinReduction.Max : BinReduction.Average;
        return c.Rule is "legacy" or "aligned" ? new RoiAlignPooling(c.Sampling, c.Rule == "aligned", reduction)
            : new RoiWarpPooling(c.Rule.EndsWith("edges", StringComparison.Ordinal) ? WarpGrid.Edges : WarpGrid.Corners, c.Sampling, reduction,
                c.Rule.StartsWith("quantized", StringComparison.Ordinal));
    }
}
