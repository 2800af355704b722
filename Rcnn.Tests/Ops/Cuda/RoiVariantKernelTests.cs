using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Cuda;

/// <summary>Maximum and pyramid, beside the CPU's path.</summary>
public sealed class RoiVariantKernelTests
{
    [Theory]
    [InlineData(0, true, true)]
    [InlineData(2, false, false)]
    [InlineData(3, true, false)]
    public void Maximum_EqualsTheCpuPath(int sampling, bool aligned, bool channelsLast)
    {
        var random = new RandomStream(sampling);
        Tensor values = tensor(Inputs.Gaussian(random, 2 * 5 * 63), [2, 5, 7, 9]), weights = tensor(Inputs.Gaussian(random, 9 * 5 * 6), [9, 5, 3, 2]);
        Tensor rois = tensor([.. Inputs.Rois(random, 6, 2, 14), 0, 9, 9, 3, 3, 0, -1e9f, -1e9f, 1e9f, 1e9f, 1, float.NaN, 0, 1, 1], [9, 5]);
        KernelCheck.Close(
            () =>
            {
                Tensor map = (channelsLast ? Engine.ChannelsLast(values) : values).detach().clone().requires_grad_(true);
                Tensor output = RoiAlign.Apply(map, rois, 3, 2, 0.7, sampling, aligned, null, BinReduction.Max);
                output.backward([weights]);
                return [output, map.grad!];
            },
            1e-5, 1e-5, "roi_align_max_forward_f32_scalar", "roi_align_max_backward_f32_scalar");
    }

    [Theory]
    [InlineData(LevelRule.Torchvision)]
    [InlineData(LevelRule.Detectron2)]
    public void Pyramid_EqualsTheCpuPath(LevelRule rule)
    {
        var random = new RandomStream(5);
        Tensor[] values = [.. new[] { 32, 16, 8 }.Select(s => tensor(Inputs.Gaussian(random, 2 * 8 * s * s), [2, 8, s, s]))];
        // Canonical sizes exactly, none, inverted and NaN boxes.
        float[] first = [.. Inputs.Boxes(random, 20, 90, 90, 128), 0, 0, 32, 32, 0, 0, 64, 64, 5, 5, 5, 5, 9, 9, 3, 20, float.NaN, 0, 9, 9, 20, 20, 4, 4];
        Tensor[] boxes = [Inputs.BoxTensor(first), Inputs.BoxTensor(Inputs.Boxes(random, 7, 90, 90, 60))];
        (int, int)[] sizes = [(128, 120), (100, 128)];
        foreach (RoiPooling pooling in (RoiPooling[])[new RoiAlignPooling(2), new RoiAlignPooling(0, true, BinReduction.Max), new RoiMaxPooling()])
        {
            var pool = new MultiScaleRoiPooling(3, 3, pooling, 32, 3, rule);
            KernelCheck.Close(
                () =>
                {
                    Tensor[] maps = [.. values.Select(v => v.detach().clone().requires_grad_(true))];
                    Tensor output = pool.Apply(maps, boxes, sizes);
                    output.backward([ones_like(output)]);
                    return [output, pool.Levels(boxes, [0.25, 0.125, 0.0625]), .. maps.Select(m => m.grad!)];
                },
                1e-4, 1e-5, "boxes_levels");
        }
    }

    [Fact]
    public void Pyramid_MapsOfAnotherTypeOrChannels_AreNamed()
    {
        using IDisposable kernels = HostKernels.Use();
        var pool = new MultiScaleRoiAlign(2, 2, 2);
        Assert.Contains("features[1]", Assert.Throws<ArgumentException>(() => pool.Apply([ones([1, 4, 8, 8]), ones([1, 5, 4, 4])], [zeros([1, 4])], [(32, 32)])).Message, StringComparison.Ordinal);
    }
}
