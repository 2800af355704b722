using Rcnn.Core.Models.Backbones;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Stage1Proposals;

/// <summary>What the head says about every anchor, level by level.</summary>
/// <param name="Logits">For each level [B,A,H,W] float32: object against background, before the sigmoid.</param>
/// <param name="Deltas">For each level [B,4·A,H,W] float32: (dx,dy,dw,dh) of anchor 0, of anchor 1, …</param>
public sealed record RpnPrediction(IReadOnlyList<Tensor> Logits, IReadOnlyList<Tensor> Deltas);

/// <summary>
/// 3×3 convolutions with ReLU, then two 1×1 convolutions: an objectness logit and four deltas for each of A anchors a cell.
/// The same weights for all levels it is given. Ren et al. 2015, §3.1.
/// </summary>
public sealed class RpnHead : Module<IReadOnlyList<Tensor>, RpnPrediction>
{
    private readonly Sequential conv;
    private readonly Conv2d cls_logits;
    private readonly Conv2d bbox_pred;
    private readonly WinogradLayer[] _fast;

    public RpnHead(long channels, long anchors, int depth)
        : base(nameof(RpnHead))
    {
        Conv2d[] layers = [.. Enumerable.Range(0, depth).Select(_ => Conv2d(channels, channels, 3, padding: 1))];
        conv = Sequential(layers.Select(layer => (Module<Tensor, Tensor>)Sequential(layer, ReLU(inplace: true))));
        _fast = [.. layers.Select(layer => new WinogradLayer(layer))];
        cls_logits = Conv2d(channels, anchors, 1);
        bbox_pred = Conv2d(channels, anchors * 4, 1);
        RegisterComponents();
    }

    public override RpnPrediction forward(IReadOnlyList<Tensor> input)
    {
        Tensor[] logits = new Tensor[input.Count], deltas = new Tensor[input.Count];
        for (int i = 0; i < input.Count; i++)
        {
            using Tensor hidden = Hidden(input[i]);
            logits[i] = cls_logits.call(hidden);
            deltas[i] = bbox_pred.call(hidden);
        }

        return new RpnPrediction(logits, deltas);
    }

    private Tensor Hidden(Tensor map)
    {
        if (!Array.TrueForAll(_fast, layer => layer.Suits(map)))
        {
            return conv.call(map);
        }

        Tensor value = map;
        foreach (WinogradLayer layer in _fast)
        {
            Tensor next = layer.Apply(value, relu: true);
            if (!ReferenceEquals(value, map))
            {
                value.Dispose();
            }

            value = next;
        }

        return value;
    }
}

/// <summary>A head of its own for each level, named "0", "1", … Lin et al. 2017, §4.1 compares.</summary>
public sealed class RpnHeadPerLevel : Module<IReadOnlyList<Tensor>, RpnPrediction>
{
    private readonly List<RpnHead> _heads = [];

    /// <param name="anchors">Per cell of each level.</param>
    public RpnHeadPerLevel(long channels, IReadOnlyList<int> anchors, int depth)
        : base(nameof(RpnHeadPerLevel))
    {
        for (int i = 0; i < anchors.Count; i++)
        {
            var head = new RpnHead(channels, anchors[i], depth);
            register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), head);
            _heads.Add(head);
        }
    }

    public override RpnPrediction forward(IReadOnlyList<Tensor> input)
    {
        RpnPrediction[] levels = [.. input.Select((map, i) => _heads[i].call([map]))];
        return new RpnPrediction([.. levels.Select(l => l.Logits[0])], [.. levels.Select(l => l.Deltas[0])]);
    }
}
