using System.Globalization;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// The feature layers of AlexNet, VGG or SqueezeNet, named "0", "1", … as in torchvision's <c>features</c>, where activations and poolings
/// count. A stage ends before each pooling; a pooling at the very end is left out of the maps and stands beside them (<see cref="FinalPool"/>). Freezing goes by stages.
/// </summary>
public sealed class PlainNet : Backbone
{
    private readonly List<Func<Tensor, Tensor>> _steps = [];
    private readonly List<Module[]> _modules = [];
    private readonly List<int> _stageEnds = [];
    private readonly int[] _returned;
    private readonly PlainPool? _final;

    /// <param name="layers">In order.</param>
    /// <param name="levels">How many stages to return, counted from the end.</param>
    /// <param name="lastLayer">The last of torchvision's layers to build; null builds all.</param>
    internal PlainNet(string name, BackboneConfig config, IReadOnlyList<PlainLayer> layers, int levels, int? lastLayer)
        : base(name)
    {
        int index = 0, channels = 3;
        List<int> ends = [], widths = [];
        IEnumerable<PlainLayer> kept = layers[^1] is PlainPool ? layers.SkipLast(1) : layers;
        _final = lastLayer is null ? layers[^1] as PlainPool : null;
        foreach (PlainLayer layer in kept)
        {
            if (lastLayer is { } limit && index > limit)
            {
                break;
            }

            if (layer is PlainPool)
            {
                _stageEnds.Add(_steps.Count - 1);
            }

            _steps.Add(Build(layer, config, index, channels));
            (index, channels) = (index + layer.Slots, layer.Channels ?? channels);
            ends.Add(index - 1);
            widths.Add(channels);
        }

        if (lastLayer is { } last && last != index - 1)
        {
            throw RcnnException.Usage($"model.backbone.lastBlock: one of {string.Join(", ", ends)} expected for {name}, got {last}");
        }

        _stageEnds.Add(_steps.Count - 1);
        if (_stageEnds.Count < levels)
        {
            throw RcnnException.Usage($"model.backbone.lastBlock: a layer of stage {levels} or later expected for {name}, got {lastLayer}");
        }

        _returned = [.. _stageEnds.TakeLast(levels)];
        Channels = [.. _returned.Select(i => widths[i])];
        Levels = [.. Enumerable.Range(0, levels).Select(i => i.ToString(CultureInfo.InvariantCulture))];
    }

    public override IReadOnlyList<int> Channels { get; }

    public override IReadOnlyList<string> Levels { get; }

    public override IReadOnlyList<Tensor> forward(Tensor input)
    {
        var maps = new List<Tensor>();
        Tensor value = input;
        for (int i = 0; i < _steps.Count; i++)
        {
            using Tensor next = _steps[i](value);
            if (!ReferenceEquals(value, input) && !maps.Contains(value))
            {
                value.Dispose();
            }

            // The first layer reads the image channels-last; with gradients the dense convolutions after it are faster otherwise.
            value = i == 0 && is_grad_enabled() ? next.contiguous() : next.alias();
            if (_returned.Contains(i))
            {
                maps.Add(value);
            }
        }

        return maps;
    }

    /// <summary>
    /// The max pooling that ends torchvision's <c>features</c> and that the maps lack: 3×3 in AlexNet, 2×2 in VGG, stride 2. A SqueezeNet, and a network cut off at
    /// <see cref="BackboneConfig.LastBlock"/>, have none.
    /// </summary>
    /// <param name="map">The last map, [B,C,H,W].</param>
    /// <returns>[B,C,H',W'] with H' = ⌊(H − k)/2⌋ + 1; <paramref name="map"/> itself where there is no such pooling</returns>
    /// <exception cref="RcnnException">A map smaller than the kernel.</exception>
    internal Tensor FinalPool(Tensor map)
    {
        if (_final is not { } pool)
        {
            return map;
        }

        return map.shape[2] >= pool.Kernel && map.shape[3] >= pool.Kernel
            ? Pool(map, pool)
            : throw RcnnException.Usage($"{GetName()}: a map of {pool.Kernel}×{pool.Kernel} or more expected before its last pooling, got {map.shape[2]}×{map.shape[3]}");
    }

    public override void FreezeStages(int stages)
    {
        int count = CheckedStages(stages, _stageEnds.Count);
        int end = count == 0 ? -1 : _stageEnds[count - 1];
        foreach (Module module in _modules.Take(end + 1).SelectMany(m => m))
        {
            Freeze(module);
        }
    }

    private Func<Tensor, Tensor> Build(PlainLayer layer, BackboneConfig config, int index, int input)
    {
        switch (layer)
        {
            case PlainPool pool:
                _modules.Add([]);
                return x => Pool(x, pool);
            case PlainFire fire:
                var module = new FireModule(input, fire);
                register_module(Name(index), module);
                _modules.Add([module]);
                return module.call;
            case PlainConvolution c:
                Conv2d convolution = Conv2d(input, c.Output, c.Kernel, stride: c.Stride, padding: c.Padding);
                register_module(Name(index), convolution);
                Module<Tensor, Tensor>? norm = c.Normalised ? NormLayer.Create(config, c.Output) : null;
                if (norm is not null)
                {
                    register_module(Name(index + 1), norm);
                }

                _modules.Add(norm is null ? [convolution] : [convolution, norm]);
                ConvNorm block = new(convolution, norm, Activation.Relu);
                return x => block.Apply(x);
            default:
                throw new ArgumentException($"{layer.GetType().Name}: a layer known here expected", nameof(layer));
        }
    }

    private static Tensor Pool(Tensor map, PlainPool pool) => F.max_pool2d(map, [pool.Kernel, pool.Kernel], [2, 2], ceil_mode: pool.Ceiling);

    private static string Name(int index) => index.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One row of a plain network's table.</summary>
/// <param name="Slots">Places it takes in torchvision's numbering.</param>
/// <param name="Channels">Of the output; null keeps those of the input.</param>
internal abstract record PlainLayer(int Slots, int? Channels);

/// <summary>A convolution with bias, a normalisation if <paramref name="Normalised"/>, ReLU.</summary>
internal sealed record PlainConvolution(int Output, int Kernel, int Stride, int Padding, bool Normalised = false)
    : PlainLayer(Normalised ? 3 : 2, Output);

/// <summary>Max pooling with stride 2.</summary>
internal sealed record PlainPool(int Kernel, bool Ceiling = false) : PlainLayer(1, null);

/// <summary>SqueezeNet's fire module; 2·<paramref name="Expand"/> channels out.</summary>
internal sealed record PlainFire(int Squeeze, int Expand) : PlainLayer(1, 2 * Expand);

/// <summary>1×1 to few channels, then 1×1 and 3×3 beside each other, each with ReLU. Iandola et al. 2016, Fig. 1.</summary>
internal sealed class FireModule : Module<Tensor, Tensor>
{
    private readonly Conv2d squeeze;
    private readonly Conv2d expand1x1;
    private readonly Conv2d expand3x3;

    public FireModule(int input, PlainFire shape)
        : base(nameof(FireModule))
    {
        squeeze = Conv2d(input, shape.Squeeze, 1);
        expand1x1 = Conv2d(shape.Squeeze, shape.Expand, 1);
        expand3x3 = Conv2d(shape.Squeeze, shape.Expand, 3, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor few = F.relu(squeeze.call(input), inplace: true);
        return F.relu(cat([expand1x1.call(few), expand3x3.call(few)], 1), inplace: true).MoveToOuterDisposeScope();
    }
}
