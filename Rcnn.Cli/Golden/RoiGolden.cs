using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>RoIAlign with its gradient.</summary>
internal sealed class RoiAlignGolden : IGoldenCase
{
    public string Op => "roi_align";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        long[] size = c.Integers("output_size");
        Tensor input = c.Tensor("input").requires_grad_(true);
        Tensor output = RoiAlign.Apply(input, c.Tensor("rois"), (int)size[0], (int)size[1], c.Number("spatial_scale"), c.Integer("sampling_ratio"), c.Flag("aligned"));
        c.Check("output", output);
        if (c.HasInput("grad_output"))
        {
            output.backward([c.Tensor("grad_output")]);
            c.Check("grad_input", input.grad!);
        }
    }
}

/// <summary>RoIPool with its gradient.</summary>
internal sealed class RoiPoolGolden : IGoldenCase
{
    public string Op => "roi_pool";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        long[] size = c.Integers("output_size");
        Tensor input = c.Tensor("input").requires_grad_(true);
        Tensor output = RoiPool.Apply(input, c.Tensor("rois"), (int)size[0], (int)size[1], c.Number("spatial_scale"));
        c.Check("output", output);
        output.backward([c.Tensor("grad_output")]);
        c.Check("grad_input", input.grad!);
    }
}

/// <summary>RoIAlign over a pyramid with the gradients of all maps.</summary>
internal sealed class MultiScaleRoiAlignGolden : IGoldenCase
{
    public string Op => "multiscale_roi_align";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        Tensor[] features = [.. c.Param("featmap_names").EnumerateArray().Select(n => c.Tensor("feat_" + n.GetString()).requires_grad_(true))];
        (int Height, int Width)[] sizes = AnchorGolden.Sizes(c, "image_sizes");
        Tensor[] boxes = [.. sizes.Select((_, i) => c.Tensor($"boxes_{i}"))];
        int side = c.Integer("output_size");
        var pool = new MultiScaleRoiAlign(side, side, c.Integer("sampling_ratio"), canonicalSize: c.Number("canonical_scale"), canonicalLevel: c.Integer("canonical_level"));
        double[] scales = MultiScaleRoiAlign.InferScales(features, sizes);
        if (!scales.SequenceEqual(c.Numbers("inferred_scales")))
        {
            throw new InvalidOperationException($"scales [{string.Join(", ", c.Numbers("inferred_scales"))}] expected, got [{string.Join(", ", scales)}]");
        }

        Tensor output = pool.Apply(features, boxes, sizes);
        c.Check("output", output);
        c.Check("levels", pool.Levels(boxes, scales));
        output.backward([c.Tensor("grad_output")]);
        for (int i = 0; i < features.Length; i++)
        {
            c.Check($"grad_feat_{i}", features[i].grad!);
        }
    }
}
