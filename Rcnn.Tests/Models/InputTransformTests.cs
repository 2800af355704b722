using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Ops;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Tests.Models;

public sealed class InputTransformTests
{
    private static readonly InputConfig _config = new() { MinSize = 60, MaxSize = 100 };

    [Theory]
    [InlineData(40, 60)]
    [InlineData(60, 60)]
    [InlineData(91, 200)]
    [InlineData(200, 33)]
    [InlineData(1, 1)]
    [InlineData(7, 300)]
    public void Batch_OfBytes_EqualsNormaliseThenInterpolate(int height, int width)
    {
        using var scope = NewDisposeScope();
        Tensor image = Image(height, width);
        ImageBatch batch = new InputTransform(_config).Batch([image]);
        Tensor plain = image.permute(2, 0, 1).to(ScalarType.Float32).div(255);
        Tensor normal = plain.sub(tensor(_config.Mean).to(ScalarType.Float32).view(3, 1, 1)).div(tensor(_config.Std).to(ScalarType.Float32).view(3, 1, 1));
        ImageSize size = batch.Sizes[0];
        Tensor expected = F.interpolate(normal.unsqueeze(0), size: [size.Height, size.Width], mode: InterpolationMode.Bilinear, align_corners: false);
        Tensor inside = batch.Pixels.narrow(2, 0, size.Height).narrow(3, 0, size.Width);
        Assert.True(inside.sub(expected).abs().max().item<float>() < 2e-5);
        Assert.Equal(inside.abs().sum().item<float>(), batch.Pixels.abs().sum().item<float>(), 1e-2);
        Assert.True(Engine.IsChannelsLast(batch.Pixels));
        Assert.All(batch.Pixels.shape[2..], side => Assert.Equal(0, side % 32));
    }

    // float32 positions would be 3e-5 off at the far end of 500 pixels; what is left is the float32 scale.
    [Fact]
    public void Geometry_OfAWideImage_HoldsItsPlacesToTheEnd()
    {
        var geometry = new ResizeGeometry(500, 426);
        for (int i = 0; i < 426; i++)
        {
            double exact = Math.Max(0, 500.0 / 426 * (i + 0.5) - 0.5);
            Assert.Equal(exact, geometry.Low[i] + (double)geometry.Fraction[i], 4e-6);
        }
    }

    [Fact]
    public void Batch_ScaledByAFactor_ScalesTheSideLimits()
    {
        using var scope = NewDisposeScope();
        var transform = new InputTransform(_config with { ScaleJitter = [0.5, 2] });
        Tensor image = Image(60, 80);
        Assert.Equal(new ImageSize(60, 80), transform.Batch([image]).Sizes[0]);
        Assert.Equal(new ImageSize(30, 40), transform.Batch([image], 0.5).Sizes[0]);
        Assert.Equal(1, transform.Jitter(null));
        double[] factors = [.. Enumerable.Range(0, 200).Select(seed => transform.Jitter(new RandomStream(seed)))];
        Assert.All(factors, f => Assert.InRange(f, 0.5, 2));
        Assert.True(factors.Min() < 0.6 && factors.Max() > 1.9);
        Assert.Equal(1, new InputTransform(_config).Jitter(new RandomStream(0)));
    }

    [Theory]
    [InlineData("range")]
    [InlineData("choice")]
    public void TrainingBatch_DrawsASideForEachImage_AndKeepsTheCap(string kind)
    {
        using var scope = NewDisposeScope();
        var transform = new InputTransform(_config with { TrainSizes = [30, 34], TrainSizesKind = kind });
        // Powers of two: scales and sides are exact.
        Tensor square = Image(64, 64), wide = Image(32, 128);
        var seen = new HashSet<int>();
        bool differ = false;
        var random = new RandomStream(3);
        for (int i = 0; i < 60; i++)
        {
            IReadOnlyList<ImageSize> sizes = transform.TrainingBatch([square, square, wide], random).Sizes;
            seen.UnionWith([sizes[0].Height, sizes[1].Height]);
            differ |= sizes[0] != sizes[1];
            Assert.Equal(new ImageSize(25, 100), sizes[2]);
        }

        int[] expected = kind == "range" ? [30, 31, 32, 33, 34] : [30, 34];
        Assert.Equal(expected, seen.Order());
        Assert.True(differ);
        Assert.Equal(new ImageSize(60, 60), transform.TrainingBatch([square], null).Sizes[0]);
    }

    [Fact]
    public void Batch_OfBytesAndOfFloats_IsTheSame()
    {
        using var scope = NewDisposeScope();
        Tensor image = Image(91, 143);
        var transform = new InputTransform(_config);
        Tensor bytes = transform.Batch([image]).Pixels, floats = transform.Batch([image.permute(2, 0, 1).to(ScalarType.Float32).div(255)]).Pixels;
        Assert.True(bytes.sub(floats).abs().max().item<float>() < 1e-6);
    }

    // Computed with torchvision 0.14.1: the float32 scale loses a pixel in the first row.
    [Theory]
    [InlineData(375, 500, 800, 1333, 799, 1066)]
    [InlineData(480, 640, 480, 640, 480, 640)]
    [InlineData(100, 1000, 800, 1333, 133, 1333)]
    [InlineData(190, 131, 160, 224, 224, 154)]
    public void Target_IsTorchvisionsSize(int height, int width, int min, int max, int expectedHeight, int expectedWidth) =>
        Assert.Equal(
            new ImageSize(expectedHeight, expectedWidth),
            ResizeGeometry.Target(new ImageSize(height, width), new InputConfig { MinSize = min, MaxSize = max }));

    [Fact]
    public void Batch_AtOneAndTwoThreads_IsTheSameToTheBit()
    {
        using var scope = NewDisposeScope();
        int before = Engine.Threads;
        try
        {
            Tensor image = Image(133, 77);
            var transform = new InputTransform(_config);
            Engine.Threads = 1;
            float[] one = TinyDetector.Floats(transform.Batch([image]).Pixels);
            Engine.Threads = 2;
            Assert.Equal(one, TinyDetector.Floats(transform.Batch([image]).Pixels));
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    [Fact]
    public void Batch_OfAnotherShape_NamesIt()
    {
        using var scope = NewDisposeScope();
        ArgumentException e = Assert.Throws<ArgumentException>(() => new InputTransform(_config).Batch([zeros([4, 10, 10])]));
        Assert.Contains("[4,10,10]", e.Message, StringComparison.Ordinal);
    }

    private static Tensor Image(int height, int width)
    {
        var random = new RandomStream(height * 1000 + width);
        var pixels = new byte[height * width * 3];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)random.NextInt(256);
        }

        return tensor(pixels, [height, width, 3], ScalarType.Byte);
    }
}
