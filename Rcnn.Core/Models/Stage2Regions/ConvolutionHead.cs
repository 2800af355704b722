using System.Globalization;
using Rcnn.Core.Models.Backbones;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>
/// 3×3 convolutions with ReLU, then one fully connected layer with ReLU: [R,C,P,P] to [R,width]. Names count the flattening between them, as in
/// torchvision's FastRCNNConvFCHead. Wu and He 2018, §5.2.
/// </summary>
public sealed class ConvolutionHead : RegionHead
{
    // Under their numbers only: a field with a module would be registered under the field's name too.
    private readonly List<Module<Tensor, Tensor>> _layers = [];

    public ConvolutionHead(RoiConfig config, long channels)
        : base(nameof(ConvolutionHead))
    {
        var norm = new BackboneConfig { Norm = config.HeadNorm };
        for (int i = 0; i < config.HeadConvolutions.Length; i++)
        {
            var layer = new ConvNormActivation(norm, channels, config.HeadConvolutions[i], 3, 1, 1, Activation.Relu);
            register_module(i.ToString(CultureInfo.InvariantCulture), layer);
            _layers.Add(layer);
            channels = config.HeadConvolutions[i];
        }

        Width = config.HeadWidth;
        var full = Linear(channels * config.PoolSize * config.PoolSize, Width);
        register_module((_layers.Count + 1).ToString(CultureInfo.InvariantCulture), full);
        _layers.Add(full);
    }

    public override long Width { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor value = input;
        foreach (Module<Tensor, Tensor> layer in _layers.SkipLast(1))
        {
            value = layer.call(value);
        }

        return F.relu(_layers[^1].call(value.flatten(1)), inplace: true).MoveToOuterDisposeScope();
    }
}
