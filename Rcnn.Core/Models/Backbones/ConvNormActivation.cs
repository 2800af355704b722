using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>A convolution without bias as "0" and its normalisation as "1", then an activation; padding keeps the size at stride 1.</summary>
public sealed class ConvNormActivation : Module<Tensor, Tensor>
{
    private readonly ConvNorm _layer;

    public ConvNormActivation(
        BackboneConfig config, long input, long output, long kernel, long stride, long groups, Activation activation, double batchMomentum = 0.1)
        : base(nameof(ConvNormActivation))
    {
        Conv2d convolution = Conv2d(input, output, kernel, stride: stride, padding: kernel / 2, groups: groups, bias: false);
        Module<Tensor, Tensor> norm = NormLayer.Create(config, output, batchMomentum);
        register_module("0", convolution);
        register_module("1", norm);
        _layer = new ConvNorm(convolution, norm, activation);
    }

    public override Tensor forward(Tensor input) => _layer.Apply(input);
}
