using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>Images, boxes and masks through the input transform, and the boxes back.</summary>
internal sealed class TransformGolden : IGoldenCase
{
    public string Op => "generalized_rcnn_transform";

    public void Run(GoldenContext c)
    {
        using var scope = NewDisposeScope();
        long[]? size = c.HasParam("fixed_size_wh") ? c.Integers("fixed_size_wh") : null;
        var config = new InputConfig
        {
            MinSize = c.Integer("min_size"),
            MaxSize = c.Integer("max_size"),
            SizeDivisible = c.Integer("size_divisible"),
            Mean = c.Numbers("image_mean"),
            Std = c.Numbers("image_std"),
            FixedSize = size is null ? null : [(int)size[1], (int)size[0]],
        };
        int count = c.InputNames.Count(n => n.StartsWith("image_", StringComparison.Ordinal));
        Tensor[] images = [.. Enumerable.Range(0, count).Select(i => c.Tensor($"image_{i}"))];
        ImageBatch batch = new InputTransform(config).Batch(images);
        c.Check("batch", batch.Pixels);
        c.Check("image_sizes", [.. batch.Sizes.SelectMany(s => new long[] { s.Height, s.Width })], count, 2);
        for (int i = 0; i < count; i++)
        {
            Tensor boxes = InputTransform.ScaleBoxes(c.Tensor($"boxes_{i}"), batch.OriginalSizes[i], batch.Sizes[i]);
            c.Check($"boxes_{i}", boxes);
            c.Check($"boxes_back_{i}", InputTransform.ScaleBoxes(boxes, batch.Sizes[i], batch.OriginalSizes[i]));
            if (c.HasInput($"masks_{i}"))
            {
                c.Check($"masks_{i}", InputTransform.ScaleMasks(c.Tensor($"masks_{i}"), batch.Sizes[i]));
            }
        }
    }
}
