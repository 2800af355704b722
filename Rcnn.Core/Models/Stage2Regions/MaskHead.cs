using System.Globalization;
using Rcnn.Core.Models.Backbones;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>3×3 convolutions with ReLU, named "0", "1", …: [R,C,P,P] to [R,C',P,P]. He et al. 2017, Fig. 4 (right).</summary>
public sealed class MaskHead : Module<Tensor, Tensor>
{
    private readonly List<ConvNormActivation> _layers = [];

    public MaskHead(MaskConfig config, long channels)
        : base(nameof(MaskHead))
    {
        var norm = new BackboneConfig { Norm = config.Norm };
        for (int i = 0; i < config.Layers.Length; i++)
        {
            var layer = new ConvNormActivation(norm, channels, config.Layers[i], 3, 1, 1, Activation.Relu);
            register_module(i.ToString(CultureInfo.InvariantCulture), layer);
            _layers.Add(layer);
            channels = config.Layers[i];
        }

        Channels = channels;
    }

    /// <summary>C'.</summary>
    public long Channels { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor value = input;
        foreach (ConvNormActivation layer in _layers)
        {
            value = layer.call(value);
        }

        return ReferenceEquals(value, input) ? input.alias().MoveToOuterDisposeScope() : value.MoveToOuterDisposeScope();
    }
}

/// <summary>A 2×2 transposed convolution with ReLU, then one logit for each class and cell: [R,C',P,P] to [R,classes,2P,2P].</summary>
public sealed class MaskPredictor : Module<Tensor, Tensor>
{
    private readonly ConvTranspose2d conv5_mask;
    private readonly Conv2d mask_fcn_logits;

    public MaskPredictor(long channels, long width, long classes)
        : base(nameof(MaskPredictor))
    {
        conv5_mask = ConvTranspose2d(channels, width, 2, stride: 2);
        mask_fcn_logits = Conv2d(width, classes, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using Tensor doubled = F.relu(conv5_mask.call(input), inplace: true);
        return mask_fcn_logits.call(doubled);
    }
}
