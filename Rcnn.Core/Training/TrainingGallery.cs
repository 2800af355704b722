using Rcnn.Core.Data;
using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>
/// What a run's model is given in training, as pictures: the batches of an epoch in the run's order, augmented, resized and padded, with boxes, masks and proposals in
/// that frame. The first (micro-)batch is the run's to the bit; the random size of later ones is another draw, because the run's stream also samples regions in between.
/// </summary>
public static class TrainingGallery
{
    /// <param name="Image">The image in its batch, padding included.</param>
    /// <param name="Caption">Index, size in the batch, objects.</param>
    /// <param name="Objects">Targets drawn.</param>
    public sealed record Tile(RgbImage Image, string Caption, int Objects);

    /// <summary>The first <paramref name="count"/> images of an epoch.</summary>
    /// <param name="config">Of the run, with the class count of the data.</param>
    /// <param name="proposals">Regions from outside, drawn as thin grey frames; or null.</param>
    /// <exception cref="RcnnException">An image that cannot be used.</exception>
    public static IEnumerable<Tile> Draw(TrainConfig config, IDetectionDataset data, ProposalSource? proposals, int epoch, int count)
    {
        var transform = new InputTransform(config.Model.Input);
        int left = count;
        foreach ((ImageBatch seen, Batch batch) in Batches(config, data, proposals, epoch))
        {
            for (int i = 0; i < batch.Images.Count && left > 0; i++, left--)
            {
                yield return Picture(config.Model.Input, transform, seen, batch, i, data.ClassNames);
            }

            if (left <= 0)
            {
                yield break;
            }
        }
    }

    /// <summary>What goes into the model, a micro-batch at a time; gone when the next is asked for.</summary>
    internal static IEnumerable<(ImageBatch Seen, Batch Batch)> Batches(TrainConfig config, IDetectionDataset data, ProposalSource? proposals, int epoch)
    {
        var transform = new InputTransform(config.Model.Input);
        using var loader = new BatchLoader(data, TrainingFeed.Options(config, proposals));
        int number = 0;
        foreach (Batch batch in loader.Epoch(epoch))
        {
            using (batch)
            {
                RandomStream random = Sizes(config, epoch, number++);
                int images = batch.Images.Count, size = config.Optimizer.MicroBatch > 0 ? Math.Min(config.Optimizer.MicroBatch, images) : images;
                for (int first = 0; first < images; first += size)
                {
                    Batch part = batch.Slice(first, Math.Min(size, images - first));
                    ImageBatch seen = transform.TrainingBatch(part.Images, random);
                    using (seen.Pixels)
                    {
                        yield return (seen, part);
                    }
                }
            }
        }
    }

    /// <summary>The stream that decides the sizes of a batch: for the first one the trainer's own.</summary>
    private static RandomStream Sizes(TrainConfig config, int epoch, int batch) =>
        new(config.Seed, epoch == 0 && batch == 0 ? "sampling" : $"gallery/{epoch}/{batch}");

    private static Tile Picture(InputConfig input, InputTransform transform, ImageBatch seen, Batch batch, int i, IReadOnlyList<string> classNames)
    {
        using var scope = NewDisposeScope();
        RgbImage image = Denormalise(seen.Pixels.select(0, i), input);
        Target target = batch.Targets[i];
        float[] boxes = transform.ToBatch(target.Boxes, seen, i).data<float>().ToArray();
        long[] labels = target.Labels.data<long>().ToArray();
        BitmapMask[]? masks = target.Masks is null ? null : Masks(InputTransform.ScaleMasks(target.Masks, seen.Sizes[i]), image);
        if (target.Proposals is { } proposals)
        {
            Outline(image, transform.ToBatch(proposals, seen, i));
        }

        RgbImage drawn = DetectionDrawing.Draw(
            image,
            labels.Select((label, k) => new BoxLabel(
                new Box(boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]), (int)label, null, masks is null ? null : Rle.Encode(masks[k]))),
            classNames);
        ImageSize size = seen.Sizes[i];
        return new Tile(drawn, FormattableString.Invariant($"{batch.Indices[i]}  {size.Width}x{size.Height} in {image.Width}x{image.Height}  {labels.Length} objects"), labels.Length);
    }

    /// <summary>[3,H,W] as the network has it, back to bytes; padding becomes the mean colour.</summary>
    private static RgbImage Denormalise(Tensor pixels, InputConfig input)
    {
        int height = (int)pixels.shape[1], width = (int)pixels.shape[2];
        float[] values = pixels.contiguous().data<float>().ToArray();
        var bytes = new byte[3 * height * width];
        for (int c = 0; c < 3; c++)
        {
            int plane = (input.Channels == "bgr" ? 2 - c : c) * height * width;
            for (int k = 0; k < height * width; k++)
            {
                bytes[3 * k + c] = (byte)Math.Clamp(Math.Round(255 * (values[plane + k] * input.Std[c] + input.Mean[c])), 0, 255);
            }
        }

        return new RgbImage(height, width, bytes);
    }

    /// <summary>Masks of the resized image on the padded one.</summary>
    private static BitmapMask[] Masks(Tensor masks, RgbImage frame)
    {
        int count = (int)masks.shape[0], height = (int)masks.shape[1], width = (int)masks.shape[2];
        byte[] bytes = masks.contiguous().data<byte>().ToArray();
        var padded = new BitmapMask[count];
        for (int n = 0; n < count; n++)
        {
            var pixels = new byte[frame.Height * frame.Width];
            for (int y = 0; y < height; y++)
            {
                bytes.AsSpan(((n * height) + y) * width, width).CopyTo(pixels.AsSpan(y * frame.Width));
            }

            padded[n] = new BitmapMask(frame.Height, frame.Width, pixels);
        }

        return padded;
    }

    private static void Outline(RgbImage image, Tensor proposals)
    {
        float[] boxes = proposals.data<float>().ToArray();
        for (int k = 0; k < boxes.Length; k += 4)
        {
            int left = Math.Clamp((int)boxes[k], 0, image.Width - 1), top = Math.Clamp((int)boxes[k + 1], 0, image.Height - 1);
            int right = Math.Clamp((int)boxes[k + 2] - 1, left, image.Width - 1), bottom = Math.Clamp((int)boxes[k + 3] - 1, top, image.Height - 1);
            for (int x = left; x <= right; x++)
            {
                Grey(image, top, x);
                Grey(image, bottom, x);
            }

            for (int y = top; y <= bottom; y++)
            {
                Grey(image, y, left);
                Grey(image, y, right);
            }
        }
    }

    private static void Grey(RgbImage image, int y, int x) => image.Pixels.AsSpan(3 * ((y * image.Width) + x), 3).Fill(160);
}
