using System.Globalization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// The feature blocks of a MobileNet, named "0", "1", … as in torchvision's <c>features</c>. Stages begin at the stem, at each block
/// that halves the map, and at the last block; freezing goes by these.
/// </summary>
public sealed class MobileNet : Backbone
{
    private readonly List<Module<Tensor, Tensor>> _blocks = [];
    private readonly List<int> _stageStarts = [];
    private readonly int[] _returned;

    /// <param name="blocks">In order, with output channels and stride.</param>
    /// <param name="levels">How many stages to return, counted from the end.</param>
    /// <param name="lastBlock">The last block to build; null builds all.</param>
    /// <param name="lastOfStage">Return the map of each stage's last block, not of its first.</param>
    internal MobileNet(string name, IReadOnlyList<MobileBlock> blocks, int levels, int? lastBlock, bool lastOfStage)
        : base(name)
    {
        if (lastBlock is { } limit && (limit < 0 || limit >= blocks.Count))
        {
            throw RcnnException.Usage($"model.backbone.lastBlock: 0 to {blocks.Count - 1} expected for {name}, got {limit}");
        }

        int last = lastBlock ?? blocks.Count - 1;
        for (int i = 0; i <= last; i++)
        {
            if (i == 0 || i == last || blocks[i].Stride > 1)
            {
                _stageStarts.Add(i);
            }

            Module<Tensor, Tensor> block = blocks[i].Build();
            register_module(i.ToString(CultureInfo.InvariantCulture), block);
            _blocks.Add(block);
        }

        List<int> ends = [.. Enumerable.Range(0, last + 1).Where(i => i == last || blocks[i + 1].Stride > 1)], offered = lastOfStage ? ends : _stageStarts;
        if (levels > offered.Count)
        {
            throw RcnnException.Usage($"model.backbone.pyramid.stages: 1 to {offered.Count} expected for {name}, got {levels}");
        }

        _returned = [.. offered.TakeLast(levels)];
        Channels = [.. _returned.Select(i => blocks[i].Channels)];
        Levels = [.. Enumerable.Range(0, levels).Select(i => i.ToString(CultureInfo.InvariantCulture))];
    }

    public override IReadOnlyList<int> Channels { get; }

    public override IReadOnlyList<string> Levels { get; }

    public override IReadOnlyList<Tensor> forward(Tensor input)
    {
        var maps = new List<Tensor>();
        Tensor value = input;
        for (int i = 0; i < _blocks.Count; i++)
        {
            Tensor next = _blocks[i].call(value);
            if (!ReferenceEquals(value, input) && !maps.Contains(value))
            {
                value.Dispose();
            }

            value = next;
            if (_returned.Contains(i))
            {
                maps.Add(value);
            }
        }

        return maps;
    }

    public override void FreezeStages(int stages)
    {
        int count = CheckedStages(stages, _stageStarts.Count);
        int end = count == _stageStarts.Count ? _blocks.Count : _stageStarts[count];
        for (int i = 0; i < end; i++)
        {
            Freeze(_blocks[i]);
        }
    }

    /// <summary>Channels rounded to a multiple of 8, never more than a tenth below. Sandler et al. 2018, reference code.</summary>
    internal static int Divisible(double channels)
    {
        int rounded = Math.Max(8, (int)(channels + 4) / 8 * 8);
        return rounded < 0.9 * channels ? rounded + 8 : rounded;
    }
}

/// <summary>One feature block before it is built: blocks after the last one wanted never are.</summary>
internal readonly record struct MobileBlock(int Channels, int Stride, Func<Module<Tensor, Tensor>> Build);
