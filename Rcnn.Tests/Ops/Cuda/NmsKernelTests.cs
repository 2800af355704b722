using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

public sealed class NmsKernelTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    [InlineData(1111)]
    public void Run_EqualsTheOracle(int count)
    {
        var random = new RandomStream(count);
        float[] boxes = Inputs.Boxes(random, count), scores = [.. Enumerable.Range(0, count).Select(_ => random.NextInt(40) / 40f)];
        foreach (double threshold in (double[])[0.1, 0.5, 0.9])
        {
            long[] expected = Oracle.Nms(boxes, scores, threshold);
            foreach (ulong seed in KernelCheck.Seeds)
            {
                using IDisposable kernels = HostKernels.Use(seed);
                Assert.Equal(expected, Inputs.Longs(Nms.Run(tensor(boxes, [count, 4]), tensor(scores, [count]), threshold)));
            }
        }
    }

    [Theory]
    [InlineData(300, 5, BoxExtent.HalfOpen, TieOrder.LowerIndexFirst)]
    [InlineData(300, 5, BoxExtent.Inclusive, TieOrder.HigherIndexFirst)]
    [InlineData(1500, 80, BoxExtent.HalfOpen, TieOrder.LowerIndexFirst)]
    [InlineData(1500, 2, BoxExtent.HalfOpen, TieOrder.HigherIndexFirst)]
    public void RunAndBatched_HaveTheConventionsOfTheCpu(int count, int classes, BoxExtent extent, TieOrder ties)
    {
        var random = new RandomStream(count + classes);
        Tensor boxes = Inputs.BoxTensor(Inputs.Boxes(random, count, 300, 200)), scores = tensor(Enumerable.Range(0, count).Select(_ => random.NextInt(100) / 100f).ToArray());
        Tensor labels = tensor(Enumerable.Range(0, count).Select(_ => (long)random.NextInt(classes) - 1).ToArray());
        KernelCheck.SameBits(() => [Nms.Run(boxes, scores, 0.4, extent, ties), Nms.Batched(boxes, scores, labels, 0.4, extent, ties)], "nms_prepare", "nms_overlaps", "nms_reduce");
    }

    [Fact]
    public void Run_ThresholdEqualToTheIou_KeepsBoth()
    {
        // IoU 1/3 and 0.3f: exact and rounded up from the double.
        Tensor third = tensor(new float[] { 0, 0, 2, 1, 1, 0, 3, 1 }, [2, 4]), tenths = tensor(new float[] { 0, 0, 10, 1, 0, 0, 3, 1 }, [2, 4]), scores = tensor(new float[] { 1, 0 });
        using IDisposable kernels = HostKernels.Use();
        Assert.Equal([0L, 1], Inputs.Longs(Nms.Run(third, scores, 1f / 3)));
        Assert.Equal([0L], Inputs.Longs(Nms.Run(third, scores, 1.0 / 3 - 1e-12)));
        Assert.Equal([0L], Inputs.Longs(Nms.Run(tenths, scores, 0.3)));
        Assert.Equal([0L, 1], Inputs.Longs(Nms.Run(tenths, scores, 0.30000002)));
    }

    [Fact]
    public void Run_OddBoxesAndScores_EqualTheCpuPath()
    {
        float nan = float.NaN, inf = float.PositiveInfinity;
        float[] boxes = [5, 5, 5, 5, 5, 5, 5, 5, nan, 0, 1, 1, 0, 0, nan, 4, 9, 9, 2, 2, 0, 0, inf, inf, 0, 0, 10, 10, 1, 1, 10, 10, 3e38f, 0, 3e38f, 1, -3e38f, -3e38f, 3e38f, 3e38f];
        Tensor b = tensor(boxes, [10, 4]), s = tensor(new[] { 0.5f, 0.5f, 0.9f, nan, 0.3f, inf, -inf, -0f, 0f, 0.4f });
        Tensor labels = tensor(new long[] { 0, 0, 1, 1, long.MinValue, 3, 0, 0, 1, long.MaxValue });
        KernelCheck.SameBits(() => [Nms.Run(b, s, 0.5), Nms.Run(b, s, 0), Nms.Batched(b, s, zeros_like(labels), 0.3), Nms.Batched(b[..9], s[..9], labels[..9].clamp(min: 0), 0.3)], "nms_reduce");
    }

    [Fact]
    public void Select_MaskAndLimit_TakeTheFirstOfTheValid()
    {
        var random = new RandomStream(9);
        float[] boxes = Inputs.Boxes(random, 500), scores = [.. Enumerable.Range(0, 500).Select(_ => (float)random.NextDouble())];
        int[] valid = [.. Enumerable.Range(0, 500).Where(i => i % 3 != 1)];
        long[] expected = [.. Oracle.Nms([.. valid.SelectMany(i => boxes[(4 * i)..(4 * i + 4)])], [.. valid.Select(i => scores[i])], 0.5).Select(k => (long)valid[k])];
        foreach (int limit in (int[])[0, 1, 63, 64, 100, 10000])
        {
            using IDisposable kernels = HostKernels.Use((ulong)limit);
            (Tensor keep, Tensor count) = NmsCuda.Select(HostKernels.Current!, tensor(boxes, [500, 4]), tensor(scores), null, tensor(Enumerable.Range(0, 500).Select(i => i % 3 != 1).ToArray()), 0.5, limit);
            Assert.Equal(expected.Take(limit), Inputs.Longs(keep).Take(count.to(int32).item<int>()));
        }
    }

    [Fact]
    public void Run_MoreBoxesThanTheReduceHolds_IsRefused()
    {
        using IDisposable kernels = HostKernels.Use();
        Assert.Contains("at most 262144 boxes", Assert.Throws<ArgumentException>(() => Nms.Run(zeros([262145, 4]), zeros([262145]), 0.5)).Message, StringComparison.Ordinal);
    }
}
