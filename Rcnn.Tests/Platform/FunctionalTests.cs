using TorchSharp;
using Xunit;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Platform;

/// <summary>Each function against a loop or a number computed by hand: that the arguments arrive where they belong.</summary>
public sealed class FunctionalTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static float[] Floats(Tensor t) => t.data<float>().ToArray();

    private static void Near(float[] expected, Tensor actual, float tolerance = 1e-5f)
    {
        float[] values = Floats(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.InRange(values[i], expected[i] - tolerance, expected[i] + tolerance);
        }
    }

    [Fact]
    public void Conv2d_PassesStridePaddingDilationAndGroups()
    {
        Tensor x = arange(16, ScalarType.Float32).view(1, 1, 4, 4);
        Tensor w = ones(1, 1, 3, 3);
        Near([45, 54, 81, 90], F.conv2d(x, w));
        Assert.Equal([1, 1, 2, 2], F.conv2d(x, w, strides: [2, 2], padding: [1]).shape);
        Near([0 + 1 + 4 + 5 + 2], F.conv2d(x, w, tensor(new float[] { 2 }), [2], [1], [1], 1)[0, 0, 0, 0]);
        Assert.Equal([1, 1, 2, 2], F.conv2d(x, ones(1, 1, 2, 2), dilation: [2]).shape);
        Near([0, 0, 2, 2], F.conv2d(tensor(new float[] { 0, 0, 1, 1 }, [1, 2, 1, 2]), tensor(new float[] { 5, 2 }, [2, 1, 1, 1]), groups: 2));
        Assert.Equal([1, 1, 8, 8], F.conv_transpose2d(x, ones(1, 1, 2, 2), strides: [2]).shape);
    }

    [Fact]
    public void Pooling_PassesKernelStrideAndPadding()
    {
        Tensor x = arange(16, ScalarType.Float32).view(1, 1, 4, 4);
        Near([5, 7, 13, 15], F.max_pool2d(x, 2));
        Near([5, 7, 13, 15], F.max_pool2d(x, 3, stride: 2, padding: 1));
        Near([2.5f, 4.5f, 10.5f, 12.5f], F.avg_pool2d(x, 2));
        Near([7.5f], F.adaptive_avg_pool2d(x, 1));
        Near([2.5f, 4.5f, 10.5f, 12.5f], F.adaptive_avg_pool2d(x, (2, 2)));
        Assert.Equal([1, 1, 1, 2], F.max_pool2d(x, (4, 2), (4, 2)).shape);
        Assert.Equal([5, 7, 13, 15], F.max_pool2d_with_indices(x, [2]).indices.data<long>().ToArray());
    }

    [Fact]
    public void Normalization_MatchesTheFormula()
    {
        Tensor x = tensor(new float[] { 1, 3, 10, 30 }, [1, 2, 1, 2]);
        Tensor mean = tensor(new float[] { 1, 10 });
        Tensor variance = tensor(new float[] { 4, 100 });
        Near([0, 1, 0, 2], F.batch_norm(x, mean, variance, eps: 0));
        Near([1, 3, 2, 10], F.batch_norm(x, mean, variance, tensor(new float[] { 2, 4 }), tensor(new float[] { 1, 2 }), eps: 0));
        F.batch_norm(x, mean, variance, training: true, momentum: 0.5);
        Near([1.5f, 15], mean);
        Near([-1, 1, -1, 1], F.group_norm(x, 2, eps: 0));
        Near([0.6f, 0.8f], F.normalize(tensor(new float[] { 3, 4 }, [1, 2])));
        Near([-1, 1], F.layer_norm(tensor(new float[] { 3, 4 }), [2], eps: 0));
    }

    [Fact]
    public void Activations_MatchTheFormula()
    {
        Tensor x = tensor(new float[] { -4, -1, 1, 4, 8 });
        Near([0, 0, 1, 4, 8], F.relu(x));
        Near([0, 0, 1, 4, 6], F.relu6(x));
        Near([0, -1f / 3, 2f / 3, 4, 8], F.hardswish(x));
        Near([0, 1f / 3, 2f / 3, 1, 1], F.hardsigmoid(x));
        Near([0.5f, 0.5f], F.softmax(zeros(2), 0));
        Near([-0.4f, -0.1f, 1, 4, 8], F.leaky_relu(x, 0.1));
        Assert.Equal(Floats(x), Floats(F.dropout(x, 0.5, training: false)));
        Tensor changed = F.relu(x, inplace: true);
        changed.Dispose();
        Near([0, 0, 1, 4, 8], x);
    }

    [Fact]
    public void Losses_MatchTheFormula()
    {
        Tensor logits = tensor(new float[] { 0, 0, 0, (float)Math.Log(3) }, [2, 2]);
        Tensor classes = tensor(new long[] { 0, 1 });
        float ln2 = (float)Math.Log(2), ln43 = (float)Math.Log(4.0 / 3);
        Near([(ln2 + ln43) / 2], F.cross_entropy(logits, classes));
        Near([ln2, ln43], F.cross_entropy(logits, classes, reduction: Reduction.None));
        Near([ln43], F.cross_entropy(logits, tensor(new long[] { -1, 1 }), ignore_index: -1));
        Near([ln2], F.binary_cross_entropy_with_logits(zeros(3), tensor(new float[] { 0, 1, 0 })));
        Near([0.5f, 1.5f], F.smooth_l1_loss(tensor(new float[] { 1, 2 }), zeros(2), Reduction.None));
        Near([1.0f / 2 / 0.5f * 0.01f], F.smooth_l1_loss(tensor(new float[] { 0.1f }), zeros(1), Reduction.Sum, beta: 0.5));
        Near([2], F.l1_loss(tensor(new float[] { 1, 3 }), zeros(2)));
        Near([5], F.mse_loss(tensor(new float[] { 1, 3 }), zeros(2)));
    }

    [Fact]
    public void Vision_ResizesPadsAndSamples()
    {
        Tensor x = tensor(new float[] { 0, 1, 2, 3 }, [1, 1, 2, 2]);
        Near([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3], F.interpolate(x, scale_factor: [2, 2]));
        Near([0, 0.25f, 0.75f, 1, 0.5f, 0.75f, 1.25f, 1.5f, 1.5f, 1.75f, 2.25f, 2.5f, 2, 2.25f, 2.75f, 3], F.interpolate(x, size: [4, 4], mode: InterpolationMode.Bilinear, align_corners: false));
        Near([0, 1, 2, 3], F.interpolate(x, size: [2, 2], mode: InterpolationMode.Bilinear, align_corners: true));
        Near([1.5f], F.interpolate(x, size: [1, 1], mode: InterpolationMode.Bilinear, antialias: true));
        Assert.Throws<ArgumentException>(() => F.interpolate(x));
        Near([7, 0, 1, 7, 2, 3], F.pad(x, [1L, 0], value: 7));
        Assert.Equal([1, 1, 3, 4], F.pad(x, (1, 1, 0, 1)).shape);
        Near([1, 0, 1, 3, 2, 3], F.pad(x, [1L, 0, 0, 0], PaddingModes.Reflect));
        Near([1.5f], F.grid_sample(x, zeros(1, 1, 1, 2), align_corners: false));
        Assert.Equal([0, 0, 1, 1, 0, 0], F.one_hot(tensor(new long[] { 2, 0 }), 3).data<long>().ToArray());
        Near([3, 4], F.linear(tensor(new float[] { 1, 2 }), tensor(new float[] { 1, 1, 0, 2 }, [2, 2]), tensor(new float[] { 0, 0 })));
    }
}
