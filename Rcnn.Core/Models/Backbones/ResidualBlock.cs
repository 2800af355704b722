using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// y = relu(x' + f(x)): f is 3×3, 3×3 (basic) or 1×1, 3×3 with the stride, 1×1 (bottleneck); x' is x, or its 1×1 projection where
/// channels or stride change. The 3×3 of a bottleneck may be split into groups (Xie et al. 2017). He et al. 2016, Fig. 5.
/// </summary>
public sealed class ResidualBlock : Module<Tensor, Tensor>
{
    private readonly ConvNorm[] _path;
    private readonly ConvNorm? _projection;

    public ResidualBlock(BackboneConfig config, bool bottleneck, long input, long width, long output, long stride, long groups = 1)
        : base(nameof(ResidualBlock))
    {
        _path = bottleneck
            ?
            [
                Layer(1, config, Conv2d(input, width, 1, bias: false), width, Activation.Relu),
                Layer(2, config, Conv2d(width, width, 3, stride: stride, padding: 1, groups: groups, bias: false), width, Activation.Relu),
                Layer(3, config, Conv2d(width, output, 1, bias: false), output, Activation.Relu),
            ]
            :
            [
                Layer(1, config, Conv2d(input, width, 3, stride: stride, padding: 1, bias: false), width, Activation.Relu),
                Layer(2, config, Conv2d(width, output, 3, padding: 1, bias: false), output, Activation.Relu),
            ];
        if (stride != 1 || input != output)
        {
            Conv2d convolution = Conv2d(input, output, 1, stride: stride, bias: false);
            Module<Tensor, Tensor> norm = NormLayer.Create(config, output);
            register_module("downsample", Sequential(convolution, norm));
            _projection = new ConvNorm(convolution, norm, Activation.None);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor value = LayerPath.Run(_path.AsSpan(..^1), input, (layer, map) => layer.Apply(map));
        return _path[^1].Apply(value, _projection is null ? input : _projection.Apply(input)).MoveToOuterDisposeScope();
    }

    private ConvNorm Layer(int index, BackboneConfig config, Conv2d convolution, long channels, Activation activation)
    {
        string suffix = index.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Module<Tensor, Tensor> norm = NormLayer.Create(config, channels);
        register_module("conv" + suffix, convolution);
        register_module("bn" + suffix, norm);
        return new ConvNorm(convolution, norm, activation);
    }
}
