using System.Globalization;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// Feature pyramid: 1×1 lateral convolutions, nearest upsampling added top-down, 3×3 output convolutions, and further levels made from the
/// coarsest. Lin et al. 2017, §3; <see cref="PyramidConfig"/> takes parts away, as its Table 1 does.
/// </summary>
public sealed class FeaturePyramid : Module<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>>
{
    private readonly ModuleDict<ConvNormActivation> inner_blocks = ModuleDict<ConvNormActivation>();
    private readonly ModuleDict<ConvNormActivation> layer_blocks = ModuleDict<ConvNormActivation>();
    private readonly ExtraLevels? extra_blocks;
    private readonly PyramidConfig _config;
    private readonly int _inputs;

    /// <param name="inputs">Channels of the maps, finest first.</param>
    /// <exception cref="RcnnException">An unknown name, or parts that do not go together.</exception>
    public FeaturePyramid(IReadOnlyList<int> inputs, int channels, PyramidConfig config)
        : base(nameof(FeaturePyramid))
    {
        if (config.FinestOnly && config.Extra is not ("pool" or "none"))
        {
            throw RcnnException.Usage($"model.backbone.pyramid.extra: pool or none expected with finestOnly, which leaves it out, got '{config.Extra}'");
        }

        if (!config.Lateral && !config.TopDown)
        {
            throw RcnnException.Usage("model.backbone.pyramid: lateral or topDown expected, got neither");
        }

        (_config, _inputs) = (config, inputs.Count);
        var layer = new BackboneConfig { Norm = config.Norm };
        for (int i = 0; i < inputs.Count; i++)
        {
            if (Has(i))
            {
                inner_blocks.Add(Name(i), new ConvNormActivation(layer, inputs[i], channels, 1, 1, 1, Activation.None));
            }
        }

        int outputs = config.FinestOnly ? 1 : inputs.Count;
        for (int i = 0; i < outputs; i++)
        {
            layer_blocks.Add(Name(i), new ConvNormActivation(layer, channels, channels, 3, 1, 1, Activation.None));
        }

        List<string> levels = [.. Enumerable.Range(0, outputs).Select(Name)];
        switch (config.Extra)
        {
            case "none":
                break;
            case "pool" when !config.FinestOnly:
                levels.Add("pool");
                break;
            case "pool":
                break;
            case "p6" or "p6p7":
                extra_blocks = new ExtraLevels(inputs[^1], channels, config.Extra == "p6p7");
                levels.AddRange(extra_blocks.Levels);
                break;
            default:
                throw RcnnException.Usage($"model.backbone.pyramid.extra: pool, p6, p6p7 or none expected, got '{config.Extra}'");
        }

        Levels = levels;
        RegisterComponents();
    }

    /// <summary>Names of the maps, finest first.</summary>
    public IReadOnlyList<string> Levels { get; }

    /// <summary>Maps, finest first, to one for each level.</summary>
    public override IReadOnlyList<Tensor> forward(IReadOnlyList<Tensor> input) => Run(input, consume: false);

    /// <summary>As forward; <paramref name="consume"/> disposes each map of the body as soon as it has been read.</summary>
    internal IReadOnlyList<Tensor> Run(IReadOnlyList<Tensor> input, bool consume)
    {
        using var scope = NewDisposeScope();
        var maps = new List<Tensor>();
        Tensor? inner = null;
        for (int i = _inputs - 1; i >= 0; i--)
        {
            long[] size = input[i].shape[2..];
            Tensor? lateral = Has(i) ? Lateral(i, input[i]) : null;
            if (consume && !(i == _inputs - 1 && extra_blocks is not null))
            {
                input[i].Dispose();
            }

            inner = Merge(lateral, _config.TopDown ? inner : null, size);
            if (layer_blocks.ContainsKey(Name(i)))
            {
                maps.Insert(0, layer_blocks[Name(i)].call(inner));
            }
        }

        if (extra_blocks is not null)
        {
            maps.AddRange(extra_blocks.Make(input[^1], maps[^1]));
            if (consume)
            {
                input[^1].Dispose();
            }
        }
        else if (Levels[^1] == "pool")
        {
            maps.Add(F.max_pool2d(maps[^1], [1, 1], [2, 2]));
        }

        foreach (Tensor map in maps)
        {
            map.MoveToOuterDisposeScope();
        }

        return maps;
    }

    /// <summary>The lateral map plus the one above brought to its size, or what there is of them. The map above is disposed.</summary>
    private static Tensor Merge(Tensor? lateral, Tensor? above, long[] size)
    {
        if (above is null)
        {
            return lateral!;
        }

        using (above)
        {
            // Without gradients and at exactly twice the size each pixel above is added to its four in place, without a map of the larger size in between.
            if (lateral is not null && !is_grad_enabled() && Engine.IsChannelsLast(lateral) && Engine.IsChannelsLast(above)
                && size[0] == 2 * above.shape[2] && size[1] == 2 * above.shape[3])
            {
                long[] s = above.shape;
                using Tensor from = above.permute(0, 2, 3, 1).unsqueeze(2).unsqueeze(4);
                using Tensor to = lateral.permute(0, 2, 3, 1).view(s[0], s[2], 2, s[3], 2, s[1]);
                to.add_(from).Dispose();
                return lateral;
            }

            Tensor larger = F.interpolate(above, size: size, mode: InterpolationMode.Nearest);
            if (lateral is null)
            {
                return larger;
            }

            using (larger)
            {
                return lateral.add_(larger);
            }
        }
    }

    /// <summary>With gradients the pyramid is contiguous, without it keeps the body's layout; see <see cref="MemoryLayout"/>.</summary>
    private Tensor Lateral(int level, Tensor map)
    {
        Tensor lateral = inner_blocks[Name(level)].call(map);
        return is_grad_enabled() ? lateral.contiguous() : lateral;
    }

    // The path from above begins at the coarsest stage, whether the others have lateral connections or not; a stage that nothing leads to has none.
    private bool Has(int level) =>
        (level == _inputs - 1 || _config.Lateral) && (_config.TopDown || !_config.FinestOnly || level == 0);

    private static string Name(int level) => level.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Levels beyond the coarsest by convolutions 3×3 of stride 2: p6 from the backbone's last map, or from the pyramid's where both have the same
/// channels; p7 from relu(p6). torchvision's LastLevelP6P7; Lin et al. 2017 (RetinaNet), §4.
/// </summary>
public sealed class ExtraLevels : Module
{
    private readonly Conv2d p6;
    private readonly Conv2d? p7;
    private readonly bool _fromPyramid;

    public ExtraLevels(int input, int channels, bool two)
        : base(nameof(ExtraLevels))
    {
        _fromPyramid = input == channels;
        p6 = Conv2d(input, channels, 3, stride: 2, padding: 1);
        p7 = two ? Conv2d(channels, channels, 3, stride: 2, padding: 1) : null;
        RegisterComponents();
    }

    public IReadOnlyList<string> Levels => p7 is null ? ["p6"] : ["p6", "p7"];

    /// <summary>One or two maps, each of half the side of the one before.</summary>
    public IReadOnlyList<Tensor> Make(Tensor coarsestInput, Tensor coarsest)
    {
        Tensor first = p6.call(_fromPyramid ? coarsest : coarsestInput);
        return p7 is null ? [first] : [first, p7.call(F.relu(first, inplace: false))];
    }
}

/// <summary>A backbone and the pyramid on top of it: "body" and "fpn".</summary>
public sealed class FpnBackbone : Backbone
{
    private readonly Backbone body;
    private readonly FeaturePyramid fpn;

    public FpnBackbone(Backbone trunk, int channels, PyramidConfig config)
        : base(nameof(FpnBackbone))
    {
        body = trunk;
        fpn = new FeaturePyramid(trunk.Channels, channels, config);
        Channels = [.. Enumerable.Repeat(channels, fpn.Levels.Count)];
        RegisterComponents();
    }

    public override IReadOnlyList<int> Channels { get; }

    public override IReadOnlyList<string> Levels => fpn.Levels;

    public override IReadOnlyList<Tensor> forward(Tensor input) => fpn.Run(body.call(input), consume: true);

    public override void FreezeStages(int stages) => body.FreezeStages(stages);
}

/// <summary>A backbone under the name "body" and nothing else: torchvision's layout of a ResNet on a single map.</summary>
public sealed class BodyBackbone : Backbone
{
    private readonly Backbone body;

    public BodyBackbone(Backbone trunk)
        : base(nameof(BodyBackbone))
    {
        body = trunk;
        RegisterComponents();
    }

    public override IReadOnlyList<int> Channels => body.Channels;

    public override IReadOnlyList<string> Levels => body.Levels;

    public override IReadOnlyList<Tensor> forward(Tensor input) => body.call(input);

    public override void FreezeStages(int stages) => body.FreezeStages(stages);
}
