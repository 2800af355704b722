using Rcnn.Core.Data;
using Rcnn.Ops;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Input;

/// <summary>
/// Images of any size to one batch: scale to [0,1], normalise, resize bilinearly, pad with 0 at the right and bottom.
/// The numbers are those of torchvision's GeneralizedRCNNTransform unless the configuration says otherwise.
/// </summary>
public sealed class InputTransform(InputConfig config)
{
    private readonly ImageResizer _resizer = new(config);
    private readonly bool _inclusive = BoxSettings.Extent("model.input.corners", config.Corners) == BoxExtent.Inclusive;

    /// <summary>
    /// <paramref name="images"/>: uint8 [H,W,3] RGB or float32 [3,H,W] in [0,1]. The batch is [B,3,H,W] float32, channels-last.
    /// <paramref name="scale"/> multiplies the side limits. Computed on the CPU; the finished batch goes to <paramref name="device"/> in one piece, null keeps it.
    /// </summary>
    /// <exception cref="ArgumentException">No image, or one of another type or shape.</exception>
    public ImageBatch Batch(IReadOnlyList<Tensor> images, double scale = 1, Device? device = null)
    {
        InputConfig limits = scale == 1
            ? config
            : config with { MinSize = (int)Math.Round(config.MinSize * scale), MaxSize = (int)Math.Round(config.MaxSize * scale) };
        return Batch(images, _ => limits, device);
    }

    /// <summary>
    /// As <c>Batch</c>, at the random size of training: a shorter side for each image from <see cref="InputConfig.TrainSizes"/>, else
    /// one factor of <see cref="Jitter"/>. Without a stream, the size of evaluation.
    /// </summary>
    public ImageBatch TrainingBatch(IReadOnlyList<Tensor> images, RandomStream? random, Device? device = null) =>
        random is not null && config.TrainSizes is { } sizes
            ? Batch(images, _ => config with { MinSize = Side(sizes, random) }, device)
            : Batch(images, Jitter(random), device);

    private int Side(int[] sizes, RandomStream random) =>
        config.TrainSizesKind == "choice" ? sizes[random.NextInt(sizes.Length)] : sizes[0] + random.NextInt(sizes[1] - sizes[0] + 1);

    private ImageBatch Batch(IReadOnlyList<Tensor> images, Func<int, InputConfig> limits, Device? device)
    {
        if (images.Count == 0)
        {
            throw new ArgumentException("a batch of one image or more expected, got none", nameof(images));
        }

        ImageSize[] originals = [.. images.Select(SizeOf)];
        ImageSize[] sizes = [.. originals.Select((s, i) => ResizeGeometry.Target(s, limits(i)))];
        int height = RoundUp(sizes.Max(s => s.Height)), width = RoundUp(sizes.Max(s => s.Width));
        using var scope = NewDisposeScope();
        Tensor memory = empty([images.Count, height, width, 3]);
        for (int i = 0; i < images.Count; i++)
        {
            Place(images[i], originals[i], memory, i, sizes[i], height, width);
        }

        Tensor placed = device is null ? memory : memory.to(device);
        return new ImageBatch(placed.permute(0, 3, 1, 2).MoveToOuterDisposeScope(), sizes, originals);
    }

    /// <summary>The random factor of a training batch; without a stream, 1.</summary>
    public double Jitter(RandomStream? random) =>
        random is null || config.ScaleJitter is [1, 1] ? 1 : random.NextDouble(config.ScaleJitter[0], config.ScaleJitter[1]);

    /// <summary>
    /// [N,4] half-open boxes in the pixels of an image, as the network has them: in pixels of the batch, on its device, with corners as <see cref="InputConfig.Corners"/> says.
    /// </summary>
    /// <param name="image">Its number in the batch.</param>
    public Tensor ToBatch(Tensor boxes, ImageBatch batch, int image)
    {
        using var scope = NewDisposeScope();
        Tensor own = boxes.to(batch.Pixels.device);
        if (_inclusive)
        {
            // What is narrower than a pixel becomes one pixel.
            Tensor near = own.narrow(1, 0, 2);
            own = cat([near, own.narrow(1, 2, 2).sub(1).maximum(near)], 1);
        }

        return ScaleBoxes(own, batch.OriginalSizes[image], batch.Sizes[image]).MoveToOuterDisposeScope();
    }

    /// <summary>The way back from <see cref="ToBatch"/>, to the CPU.</summary>
    public Tensor ToImage(Tensor boxes, ImageBatch batch, int image)
    {
        using var scope = NewDisposeScope();
        Tensor scaled = ScaleBoxes(boxes.cpu(), batch.Sizes[image], batch.OriginalSizes[image]);
        return (_inclusive ? scaled.add_(tensor(new float[] { 0, 0, 1, 1 })) : scaled).MoveToOuterDisposeScope();
    }

    /// <summary>[N,4] boxes of an image of size <paramref name="from"/> in pixels of size <paramref name="to"/>, where they are.</summary>
    public static Tensor ScaleBoxes(Tensor boxes, ImageSize from, ImageSize to)
    {
        float y = (float)to.Height / from.Height, x = (float)to.Width / from.Width;
        using Tensor factors = tensor(new[] { x, y, x, y }, device: boxes.device);
        return boxes.mul(factors);
    }

    /// <summary>Masks of the targets in the pixels of the batch, without padding, where the targets are: <see cref="Rcnn.Ops.MaskTargets"/> reads their bytes.</summary>
    /// <exception cref="ArgumentException">A target without masks.</exception>
    public static IReadOnlyList<Tensor> ScaleMasks(IReadOnlyList<Target> targets, ImageBatch batch) =>
        [.. targets.Select((t, i) => ScaleMasks(t.Masks ?? throw new ArgumentException($"image {t.ImageId}: masks expected", nameof(targets)), batch.Sizes[i]))];

    /// <summary>[N,H,W] uint8 masks to the size of the resized image, nearest pixel.</summary>
    public static Tensor ScaleMasks(Tensor masks, ImageSize to)
    {
        using var scope = NewDisposeScope();
        if (masks.shape[0] == 0)
        {
            return zeros([0, to.Height, to.Width], ScalarType.Byte, masks.device).MoveToOuterDisposeScope();
        }

        Tensor scaled = F.interpolate(masks.unsqueeze(1).to(ScalarType.Float32), size: [to.Height, to.Width], mode: TorchSharp.torch.InterpolationMode.Nearest);
        return scaled.squeeze(1).to(ScalarType.Byte).MoveToOuterDisposeScope();
    }

    private static ImageSize SizeOf(Tensor image)
    {
        long[] shape = image.shape;
        return image.dtype switch
        {
            ScalarType.Byte when shape is [> 0, > 0, 3] => new((int)shape[0], (int)shape[1]),
            ScalarType.Float32 when shape is [3, > 0, > 0] => new((int)shape[1], (int)shape[2]),
            _ => throw new ArgumentException($"uint8 [H,W,3] or float32 [3,H,W] expected, got {image.dtype} [{string.Join(",", shape)}]", nameof(image)),
        };
    }

    private int RoundUp(int side) => (side + config.SizeDivisible - 1) / config.SizeDivisible * config.SizeDivisible;

    private unsafe void Place(Tensor image, ImageSize from, Tensor memory, int index, ImageSize to, int height, int width)
    {
        using Tensor own = image.cpu();
        using Tensor packed = config.Resize == "pil" ? Antialiased(own, from, to) : own.contiguous();
        from = config.Resize == "pil" ? to : from;
        float* target = (float*)Engine.Pointer(memory) + (long)index * height * width * 3;
        if (packed.dtype == ScalarType.Byte)
        {
            _resizer.Run((byte*)Engine.Pointer(packed), from, target, to, 3 * width);
        }
        else
        {
            _resizer.Run((float*)Engine.Pointer(packed), from, target, to, 3 * width);
        }

        // Zero where the image does not reach: at the right of its rows, and below.
        for (int y = 0; y < to.Height && to.Width < width; y++)
        {
            new Span<float>(target + 3L * ((long)y * width + to.Width), 3 * (width - to.Width)).Clear();
        }

        new Span<float>(target + 3L * to.Height * width, 3 * (height - to.Height) * width).Clear();
        GC.KeepAlive(packed);
        GC.KeepAlive(memory);
    }

    private static Tensor Antialiased(Tensor image, ImageSize from, ImageSize to)
    {
        if (image.dtype != ScalarType.Byte)
        {
            throw new ArgumentException($"input.resize pil: images of type Byte expected, got {image.dtype}", nameof(image));
        }

        using Tensor packed = image.contiguous();
        RgbImage scaled = PilResize.Bilinear(new RgbImage(from.Height, from.Width, packed.data<byte>().ToArray()), to.Height, to.Width);
        return tensor(scaled.Pixels, [to.Height, to.Width, 3], ScalarType.Byte);
    }
}
