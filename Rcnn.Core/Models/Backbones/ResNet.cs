using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// ResNet without its classifier: conv1 7×7/2, bn1, max pooling 3×3/2, then up to four stages layer1 … layer4, strides 4, 8, 16, 32;
/// a bottleneck strides in its 3×3 convolution. He et al. 2016, §4.1 and Table 1, in torchvision's variant; ResNeXt: Xie et al. 2017, Table 1.
/// </summary>
public sealed class ResNet : Backbone
{
    private readonly Conv2d conv1;
    private readonly Module<Tensor, Tensor> bn1;
    private readonly List<ModuleList<ResidualBlock>> _stages = [];
    private readonly ConvNorm _stem;
    private readonly int _first;
    private readonly bool _recompute;
    private readonly int[] _channels;

    /// <summary>Stages <paramref name="first"/> to <paramref name="last"/> (1 to 4) are returned; those after the last are not built.</summary>
    public ResNet(BackboneConfig config, int first, int last)
        : base(nameof(ResNet))
    {
        ResNetShape shape = ResNetShape.Of(config);
        int[] layers = shape.Layers;
        if (layers.Length != 4 || layers.Any(l => l < 1))
        {
            throw RcnnException.Usage($"model.backbone.layers: four counts of 1 or more expected, got [{string.Join(",", layers)}]");
        }

        if (last < first || last > 4)
        {
            throw RcnnException.Usage($"model.backbone.lastBlock: {first} to 4 expected for a ResNet, got {last}");
        }

        (_first, _recompute) = (first, config.Checkpoint);
        conv1 = Conv2d(3, config.BaseWidth, 7, stride: 2, padding: 3, bias: false);
        bn1 = NormLayer.Create(config, config.BaseWidth);
        _stem = new ConvNorm(conv1, bn1, Activation.Relu);
        for (int stage = 0; stage < last; stage++)
        {
            _stages.Add(new ModuleList<ResidualBlock>([.. shape.Stage(config, stage)]));
        }

        _channels = [.. Enumerable.Range(first - 1, last - first + 1).Select(s => shape.Output(config, s))];
        Levels = [.. Enumerable.Range(0, _channels.Length).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        RegisterComponents();
        for (int stage = 0; stage < last; stage++)
        {
            register_module("layer" + (stage + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), _stages[stage]);
        }
    }

    public override IReadOnlyList<int> Channels => _channels;

    public override IReadOnlyList<string> Levels { get; }

    public override IReadOnlyList<Tensor> forward(Tensor input)
    {
        var maps = new List<Tensor>();
        Tensor value = Part(Stem, conv1.parameters().Concat(bn1.parameters()), input);
        for (int stage = 0; stage < _stages.Count; stage++)
        {
            ModuleList<ResidualBlock> blocks = _stages[stage];
            Tensor next = Part(x => Stage(blocks, x), blocks.parameters(), value);
            if (!maps.Contains(value))
            {
                value.Dispose();
            }

            value = next;
            if (stage + 1 >= _first)
            {
                maps.Add(value);
            }
        }

        return maps;
    }

    private Tensor Part(Func<Tensor, Tensor> part, IEnumerable<Parameter> parameters, Tensor input) =>
        _recompute && is_grad_enabled() ? RecomputedStage.Run(part, parameters, input) : part(input);

    private Tensor Stem(Tensor input)
    {
        using Tensor stem = _stem.Apply(input);
        Tensor pooled = F.max_pool2d(stem, [3, 3], [2, 2], [1, 1]);
        // Without gradients the 3×3 convolutions are channels-last where WinogradLayer takes them, and the 1×1 ones are faster so; backward they are not.
        if (!is_grad_enabled())
        {
            return pooled;
        }

        using (pooled)
        {
            return pooled.contiguous();
        }
    }

    private static Tensor Stage(ModuleList<ResidualBlock> blocks, Tensor input)
    {
        Tensor value = input;
        foreach (ResidualBlock block in blocks)
        {
            Tensor next = block.call(value);
            if (!ReferenceEquals(value, input))
            {
                value.Dispose();
            }

            value = next;
        }

        return value;
    }

    public override void FreezeStages(int stages)
    {
        int count = CheckedStages(stages, _stages.Count + 1);
        if (count > 0)
        {
            Freeze(conv1);
            Freeze(bn1);
        }

        for (int i = 0; i < count - 1; i++)
        {
            Freeze(_stages[i]);
        }
    }
}
