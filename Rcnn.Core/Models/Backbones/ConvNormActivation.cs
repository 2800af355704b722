using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// A convolution as "0", its normalisation as "1", then an activation; padding keeps the size at stride 1. The convolution has a bias only
/// where <see cref="BackboneConfig.Norm"/> is none.
/// </summary>
public sealed class ConvNormActivation : Module<Tensor, Tensor>
{
    private readonly ConvNorm _layer;

    public ConvNormActivation(
        BackboneConfig config, long input, long output, long kernel, long stride, long groups, Activation activation, double batchMomentum = 0.1)
        : base(nameof(ConvNormActivation))
    {
        Module<Tensor, Tensor>? norm = config.Norm == NormLayer.None ? null : NormLayer.Create(config, output, batchMomentum);
        Conv2d convolution = Conv2d(input, output, kernel, stride: stride, padding: kernel / 2, groups: groups, bias: norm is null);
        register_module("0", convolution);
        if (norm is not null)
        {
            register_module("1", norm);
        }

        _layer = new ConvNorm(convolution, norm, activation);
    }

    public override Tensor forward(Tensor input) => _layer.Apply(input);

    /// <summary>As forward, with <paramref name="residual"/> added before the activation.</summary>
    internal Tensor Apply(Tensor input, Tensor? residual) => _layer.Apply(input, residual);
}
