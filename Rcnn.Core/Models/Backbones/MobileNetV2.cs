using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>MobileNetV2's 19 feature blocks: 1×1 expansion, depthwise 3×3, linear 1×1 projection. Sandler et al. 2018, Table 2.</summary>
public static class MobileNetV2
{
    // expansion, channels, repeats, stride of the first
    private static readonly (int Expansion, int Channels, int Repeats, int Stride)[] _table =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    public static MobileNet Create(BackboneConfig config, int levels, int? lastBlock)
    {
        int channels = MobileNet.Divisible(32 * config.WidthMultiplier);
        int stem = channels;
        var blocks = new List<MobileBlock> { new(stem, 2, () => new ConvNormActivation(config, 3, stem, 3, 2, 1, Activation.Relu6)) };
        foreach ((int expansion, int width, int repeats, int firstStride) in _table)
        {
            for (int i = 0; i < repeats; i++)
            {
                int input = channels, output = MobileNet.Divisible(width * config.WidthMultiplier), stride = i == 0 ? firstStride : 1;
                blocks.Add(new(output, stride, () => new Block(config, input, output, stride, expansion)));
                channels = output;
            }
        }

        int before = channels, last = MobileNet.Divisible(1280 * Math.Max(1, config.WidthMultiplier));
        blocks.Add(new(last, 1, () => new ConvNormActivation(config, before, last, 1, 1, 1, Activation.Relu6)));
        return new MobileNet("mobilenet_v2", blocks, levels, lastBlock, lastOfStage: config.Fpn && config.Pyramid.Tap == "last");
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor>[] _path;
        private readonly ConvNorm _projection;
        private readonly bool _residual;

        public Block(BackboneConfig config, int input, int output, int stride, int expansion)
            : base("InvertedResidual")
        {
            int hidden = input * expansion;
            _residual = stride == 1 && input == output;
            Module<Tensor, Tensor> depthwise = new ConvNormActivation(config, hidden, hidden, 3, stride, hidden, Activation.Relu6);
            _path = expansion == 1 ? [depthwise] : [new ConvNormActivation(config, input, hidden, 1, 1, 1, Activation.Relu6), depthwise];
            Conv2d convolution = Conv2d(hidden, output, 1, bias: false);
            Module<Tensor, Tensor> norm = NormLayer.Create(config, output);
            _projection = new ConvNorm(convolution, norm, Activation.None);
            register_module("conv", Sequential([.. _path, convolution, norm]));
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            Tensor value = LayerPath.Run(_path.AsSpan(), input, (layer, map) => layer.call(map));
            return _projection.Apply(value, _residual ? input : null).MoveToOuterDisposeScope();
        }
    }
}
