using System.Globalization;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// Feature pyramid: 1×1 lateral convolutions, nearest upsampling added top-down, 3×3 output convolutions, and one more level "pool"
/// that takes every second pixel of the coarsest. Lin et al. 2017, §3.
/// </summary>
public sealed class FeaturePyramid : Module<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>>
{
    private readonly ModuleList<Sequential> inner_blocks = new();
    private readonly ModuleList<Sequential> layer_blocks = new();
    private readonly List<WinogradLayer> _fast = [];

    public FeaturePyramid(IReadOnlyList<int> inputs, int channels)
        : base(nameof(FeaturePyramid))
    {
        foreach (int input in inputs)
        {
            inner_blocks.Add(Sequential(Conv2d(input, channels, 1)));
            Conv2d output = Conv2d(channels, channels, 3, padding: 1);
            layer_blocks.Add(Sequential(output));
            _fast.Add(new WinogradLayer(output));
        }

        RegisterComponents();
    }

    /// <summary>Maps, finest first, to as many maps and one more.</summary>
    public override IReadOnlyList<Tensor> forward(IReadOnlyList<Tensor> input)
    {
        using var scope = NewDisposeScope();
        int last = input.Count - 1;
        var maps = new Tensor[input.Count + 1];
        Tensor inner = Lateral(last, input[last]);
        maps[last] = Output(last, inner);
        for (int i = last - 1; i >= 0; i--)
        {
            Tensor lateral = Lateral(i, input[i]);
            inner = lateral.add_(F.interpolate(inner, size: lateral.shape[2..], mode: InterpolationMode.Nearest));
            maps[i] = Output(i, inner);
        }

        maps[^1] = F.max_pool2d(maps[last], [1, 1], [2, 2]);
        foreach (Tensor map in maps)
        {
            map.MoveToOuterDisposeScope();
        }

        return maps;
    }

    /// <summary>With gradients the pyramid is contiguous, without it keeps the body's layout; see <see cref="MemoryLayout"/>.</summary>
    private Tensor Lateral(int level, Tensor map)
    {
        Tensor lateral = inner_blocks[level].call(map);
        return is_grad_enabled() ? lateral.contiguous() : lateral;
    }

    private Tensor Output(int level, Tensor inner) => _fast[level].Suits(inner) ? _fast[level].Apply(inner) : layer_blocks[level].call(inner);
}

/// <summary>A backbone and the pyramid on top of it: "body" and "fpn".</summary>
public sealed class FpnBackbone : Backbone
{
    private readonly Backbone body;
    private readonly FeaturePyramid fpn;

    public FpnBackbone(Backbone trunk, int channels)
        : base(nameof(FpnBackbone))
    {
        body = trunk;
        fpn = new FeaturePyramid(trunk.Channels, channels);
        Channels = [.. Enumerable.Repeat(channels, trunk.Channels.Count + 1)];
        Levels = [.. trunk.Levels, "pool"];
        RegisterComponents();
    }

    public override IReadOnlyList<int> Channels { get; }

    public override IReadOnlyList<string> Levels { get; }

    public override IReadOnlyList<Tensor> forward(Tensor input)
    {
        IReadOnlyList<Tensor> maps = body.call(input);
        IReadOnlyList<Tensor> pyramid = fpn.call(maps);
        foreach (Tensor map in maps)
        {
            map.Dispose();
        }

        return pyramid;
    }

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
