using Rcnn.Core.Models.Backbones;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>
/// A ResNet's last stage (conv5_x, "layer4") on each pooled region, then the mean over the region: [R,C,P,P] to [R,8·BaseWidth·expansion]. It
/// strides once, so P = 14 reaches it as in the paper and becomes 7. He et al. 2016, appendix A; Detectron2's Res5ROIHeads.
/// </summary>
public sealed class ResidualHead : RegionHead
{
    private readonly ModuleList<ResidualBlock> layer4;

    /// <exception cref="RcnnException">Not a ResNet, or one that keeps its last stage.</exception>
    public ResidualHead(BackboneConfig config)
        : base(nameof(ResidualHead))
    {
        if (config.Fpn || (config.LastBlock ?? 3) != 3)
        {
            throw RcnnException.Usage("model.roi.head: conv5 needs a ResNet on a single map that ends with its third stage (model.backbone.fpn=false, model.backbone.lastBlock=3)");
        }

        ResNetShape shape = ResNetShape.Of(config);
        layer4 = new ModuleList<ResidualBlock>([.. shape.Stage(config, 3)]);
        Width = shape.Output(config, 3);
        RegisterComponents();
    }

    public override long Width { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor value = input;
        foreach (ResidualBlock block in layer4)
        {
            value = block.call(value);
        }

        return value.mean([2, 3]).MoveToOuterDisposeScope();
    }
}
