using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// The feature blocks of MobileNetV3-Large (17) and -Small (13), some with squeeze and excitation. Howard et al. 2019, Tables 1 and 2.
/// Its ImageNet classifiers normalise with <see cref="BackboneConfig.NormEps"/> 0.001, torchvision's detectors with 1e-5.
/// </summary>
public static class MobileNetV3
{
    // kernel, expanded channels, output channels, squeeze and excitation, hard swish, stride
    private static readonly (int Kernel, int Expanded, int Output, bool Squeeze, bool Swish, int Stride)[] _large =
    [
        (3, 16, 16, false, false, 1), (3, 64, 24, false, false, 2), (3, 72, 24, false, false, 1), (5, 72, 40, true, false, 2),
        (5, 120, 40, true, false, 1), (5, 120, 40, true, false, 1), (3, 240, 80, false, true, 2), (3, 200, 80, false, true, 1),
        (3, 184, 80, false, true, 1), (3, 184, 80, false, true, 1), (3, 480, 112, true, true, 1), (3, 672, 112, true, true, 1),
        (5, 672, 160, true, true, 2), (5, 960, 160, true, true, 1), (5, 960, 160, true, true, 1),
    ];

    private static readonly (int Kernel, int Expanded, int Output, bool Squeeze, bool Swish, int Stride)[] _small =
    [
        (3, 16, 16, true, false, 2), (3, 72, 24, false, false, 2), (3, 88, 24, false, false, 1), (5, 96, 40, true, true, 2),
        (5, 240, 40, true, true, 1), (5, 240, 40, true, true, 1), (5, 120, 48, true, true, 1), (5, 144, 48, true, true, 1),
        (5, 288, 96, true, true, 2), (5, 576, 96, true, true, 1), (5, 576, 96, true, true, 1),
    ];

    /// <summary>Momentum of the batch statistics when they are learnt.</summary>
    private const double Momentum = 0.01;

    public static MobileNet Create(BackboneConfig config, int levels, int? lastBlock)
    {
        var table = config.Name == "mobilenet_v3_small" ? _small : _large;
        int Scaled(int channels) => MobileNet.Divisible(channels * config.WidthMultiplier);
        int channels = Scaled(16), stem = channels;
        var blocks = new List<MobileBlock> { new(stem, 2, () => new ConvNormActivation(config, 3, stem, 3, 2, 1, Activation.Hardswish, Momentum)) };
        for (int i = 0; i < table.Length; i++)
        {
            var row = table[i];
            bool tail = config.ReducedTail && i >= table.Length - 3;
            int input = channels, output = Scaled(tail ? row.Output / 2 : row.Output);
            int expanded = Scaled(tail && i > table.Length - 3 ? row.Expanded / 2 : row.Expanded);
            blocks.Add(new(output, row.Stride, () => new Block(config, row.Kernel, input, expanded, output, row.Squeeze, row.Swish, row.Stride)));
            channels = output;
        }

        int last = channels;
        blocks.Add(new(6 * last, 1, () => new ConvNormActivation(config, last, 6 * last, 1, 1, 1, Activation.Hardswish, Momentum)));
        return new MobileNet(config.Name, blocks, levels, lastBlock, lastOfStage: config.Fpn && config.Pyramid.Tap == "last");
    }

    private sealed class Block : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor>[] _path;
        private readonly bool _residual;

        public Block(BackboneConfig config, int kernel, int input, int expanded, int output, bool squeeze, bool swish, int stride)
            : base("InvertedResidual")
        {
            _residual = stride == 1 && input == output;
            Activation activation = swish ? Activation.Hardswish : Activation.Relu;
            var path = new List<Module<Tensor, Tensor>>();
            if (expanded != input)
            {
                path.Add(new ConvNormActivation(config, input, expanded, 1, 1, 1, activation, Momentum));
            }

            path.Add(new ConvNormActivation(config, expanded, expanded, kernel, stride, expanded, activation, Momentum));
            if (squeeze)
            {
                path.Add(new SqueezeExcitation(expanded, MobileNet.Divisible(expanded / 4)));
            }

            path.Add(new ConvNormActivation(config, expanded, output, 1, 1, 1, Activation.None, Momentum));
            _path = [.. path];
            register_module("block", Sequential(_path));
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            Tensor value = LayerPath.Run(_path.AsSpan(..^1), input, (layer, map) => layer.call(map));
            return ((ConvNormActivation)_path[^1]).Apply(value, _residual ? input : null).MoveToOuterDisposeScope();
        }
    }

    /// <summary>x · hardsigmoid(fc2(relu(fc1(mean over the map)))). Hu et al. 2018.</summary>
    private sealed class SqueezeExcitation : Module<Tensor, Tensor>
    {
        private readonly Conv2d fc1;
        private readonly Conv2d fc2;

        public SqueezeExcitation(int channels, int squeezed)
            : base(nameof(SqueezeExcitation))
        {
            fc1 = Conv2d(channels, squeezed, 1);
            fc2 = Conv2d(squeezed, channels, 1);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            if (!is_grad_enabled())
            {
                // As matrix products, which read the weights as they lie; a convolution of one pixel would bring them into another order first. The map is the block's own.
                Tensor few = F.relu(F.linear(input.mean([2, 3]), fc1.weight.flatten(1), fc1.bias), inplace: true);
                Tensor gate = F.hardsigmoid(F.linear(few, fc2.weight.flatten(1), fc2.bias));
                return input.mul_(gate.unsqueeze(2).unsqueeze(3)).MoveToOuterDisposeScope();
            }

            Tensor scale = F.relu(fc1.call(F.adaptive_avg_pool2d(input, 1)), inplace: true);
            return input.mul(F.hardsigmoid(fc2.call(scale))).MoveToOuterDisposeScope();
        }
    }
}
