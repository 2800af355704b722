using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>Pairwise IoU.</summary>
internal sealed class BoxIouGolden : IGoldenCase
{
    public string Op => "box_iou";

    public bool OnDevice => true;

    public void Run(GoldenContext c) => c.Check("iou", BoxOps.Iou(c.Tensor("boxes1"), c.Tensor("boxes2")));
}

/// <summary>Pairwise generalized IoU.</summary>
internal sealed class GeneralizedBoxIouGolden : IGoldenCase
{
    public string Op => "generalized_box_iou";

    public bool OnDevice => true;

    public void Run(GoldenContext c) => c.Check("giou", BoxOps.GeneralizedIou(c.Tensor("boxes1"), c.Tensor("boxes2")));
}

/// <summary>Areas.</summary>
internal sealed class BoxAreaGolden : IGoldenCase
{
    public string Op => "box_area";

    public void Run(GoldenContext c) => c.Check("area", BoxOps.Area(c.Tensor("boxes")));
}

/// <summary>Clipping to the image.</summary>
internal sealed class ClipBoxesGolden : IGoldenCase
{
    public string Op => "clip_boxes_to_image";

    public void Run(GoldenContext c)
    {
        long[] size = c.Integers("size_hw");
        c.Check("boxes", BoxOps.Clip(c.Tensor("boxes"), ((int)size[0], (int)size[1])));
    }
}

/// <summary>Boxes with long enough sides.</summary>
internal sealed class RemoveSmallBoxesGolden : IGoldenCase
{
    public string Op => "remove_small_boxes";

    public void Run(GoldenContext c) => c.Check("keep", BoxOps.KeepLarge(c.Tensor("boxes"), c.Number("min_size")));
}

/// <summary>Formats, there and back.</summary>
internal sealed class BoxConvertGolden : IGoldenCase
{
    public string Op => "box_convert";

    public void Run(GoldenContext c)
    {
        (BoxFormat from, BoxFormat to) = (Format(c.Text("in_fmt")), Format(c.Text("out_fmt")));
        Tensor converted = BoxOps.Convert(c.Tensor("boxes"), from, to);
        c.Check("boxes", converted);
        c.Check("roundtrip", BoxOps.Convert(converted, to, from));
    }

    private static BoxFormat Format(string name) => name switch
    {
        "xyxy" => BoxFormat.Corners,
        "xywh" => BoxFormat.CornerSize,
        "cxcywh" => BoxFormat.CenterSize,
        _ => throw new NotSupportedException($"box format {name}"),
    };
}

/// <summary>Codes of boxes, both ways.</summary>
internal sealed class BoxCoderGolden : IGoldenCase
{
    public string Op => "box_coder";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        var coder = new BoxCoder(c.Numbers("weights"), c.Number("bbox_xform_clip"));
        c.Check("encoded", coder.Encode(c.Tensor("reference_boxes"), c.Tensor("proposals")));
        c.Check("decoded", coder.Decode(c.Tensor("codes"), c.Tensor("proposals")));
    }
}
