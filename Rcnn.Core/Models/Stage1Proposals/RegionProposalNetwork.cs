using Rcnn.Core.Models.Criteria;
using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Stage1Proposals;

/// <summary>
/// Stage 1: an objectness logit and four deltas for every anchor on every level; the best of them, decoded, clipped and thinned by NMS,
/// are the proposals. Ren et al. 2015, §3.1.
/// </summary>
public sealed class RegionProposalNetwork : Module<IReadOnlyList<Tensor>, RpnPrediction>
{
    private readonly Module<IReadOnlyList<Tensor>, RpnPrediction> head;
    private readonly RpnConfig _config;
    private readonly AnchorGenerator _anchors;
    private readonly Matcher _matcher;
    private readonly BalancedSampler _sampler;
    private readonly BoxCoder _coder;
    private readonly BoxExtent _extent, _selection;
    private readonly ClassCriterion _classLoss;
    private readonly BoxCriterion _boxLoss;

    /// <exception cref="RcnnException">Not one row of anchor sizes for each level.</exception>
    public RegionProposalNetwork(RpnConfig config, IReadOnlyList<string> levels, int channels)
        : base(nameof(RegionProposalNetwork))
    {
        if (config.Anchors.Sizes.Length != levels.Count)
        {
            throw RcnnException.Usage($"model.rpn.anchors.sizes: one row for each of {levels.Count} levels expected, got {config.Anchors.Sizes.Length}");
        }

        _config = config;
        if (config.Anchors.Stride is not ("grid" or "fixed"))
        {
            throw RcnnException.Usage($"model.rpn.anchors.stride: grid or fixed expected, got '{config.Anchors.Stride}'");
        }

        _anchors = new AnchorGenerator(config.Anchors.Sizes, config.Anchors.AspectRatios, BoxSettings.Anchors(config.Anchors));
        _coder = BoxSettings.Coder("model.rpn", config.BoxWeights, config.MaxGrowth, config.BoxExtent);
        _extent = BoxSettings.Extent("model.rpn.boxExtent", config.BoxExtent);
        _selection = BoxSettings.Extent("model.rpn.selectionExtent", config.SelectionExtent);
        _matcher = new Matcher(config.ForegroundIou, config.BackgroundIou, allowLowQuality: config.LowQualityMatches, _extent);
        _sampler = config.Sampler == "all" ? new BalancedSampler(int.MaxValue, 1) : new BalancedSampler(config.BatchPerImage, config.PositiveFraction);
        _classLoss = new ClassCriterion(config.ClassLoss);
        _boxLoss = new BoxCriterion(config.BoxLoss, config.BoxWeights, config.MaxGrowth, _extent);
        head = config.SharedHead
            ? new RpnHead(channels, _anchors.PerCell(0), config.ConvDepth)
            : new RpnHeadPerLevel(channels, [.. levels.Select((_, i) => _anchors.PerCell(i))], config.ConvDepth);
        RegisterComponents();
    }

    public override RpnPrediction forward(IReadOnlyList<Tensor> input)
    {
        RpnPrediction prediction = head.call(input);
        return new RpnPrediction([.. prediction.Logits.Select(FullPrecision.Of)], [.. prediction.Deltas.Select(FullPrecision.Of)]);
    }

    /// <summary>
    /// Proposals of each image, [P,4] float32 in pixels of the batch by falling score, without gradient; P may be 0.
    /// <paramref name="train"/> chooses between the limits for training and for testing.
    /// </summary>
    public IReadOnlyList<Tensor> Propose(RpnPrediction prediction, ImageBatch batch, bool train)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        var limits = new ProposalLimits(
            train ? _config.PreNmsTrain : _config.PreNmsTest, train ? _config.PostNmsTrain : _config.PostNmsTest, _config.NmsThreshold, _config.ScoreThreshold, _config.MinSize,
            _config.PostNmsPerLevel ?? int.MaxValue, _selection);
        double[]? scales = _config.MinSizeOfOriginal ? [.. batch.Sizes.Zip(batch.OriginalSizes, (size, original) => (double)size.Height / original.Height)] : null;
        IReadOnlyList<ScoredProposals> proposals = RpnProposals.Select(
            [.. prediction.Logits.Select(l => l.permute(0, 2, 3, 1))],
            [.. prediction.Deltas.Select(d => d.permute(0, 2, 3, 1))],
            Anchors(batch, prediction),
            _coder,
            [.. batch.Sizes.Select(s => (s.Height, s.Width))],
            limits,
            scales);
        return [.. proposals.Select(p => p.Boxes.MoveToOuterDisposeScope())];
    }

    /// <summary>[H·W·A,4] of each level.</summary>
    private IReadOnlyList<Tensor> Anchors(ImageBatch batch, RpnPrediction prediction)
    {
        _anchors.Device = batch.Pixels.device;
        (int Height, int Width) padded = Padded(batch);
        IReadOnlyList<(int Height, int Width)> grids = Grids(prediction);
        if (_config.Anchors.Stride == "grid")
        {
            return _anchors.GridPerLevel(padded, grids);
        }

        using var scope = NewDisposeScope();
        int[] strides = [.. grids.Select(g => 1 << (int)Math.Round(Math.Log2((double)padded.Height / g.Height)))];
        Tensor all = _anchors.Grid(strides, grids);
        var levels = new Tensor[grids.Count];
        long at = 0;
        for (int i = 0; i < levels.Length; i++)
        {
            long count = (long)grids[i].Height * grids[i].Width * _anchors.PerCell(i);
            levels[i] = all.narrow(0, at, count).clone().MoveToOuterDisposeScope();
            at += count;
        }

        return levels;
    }

    /// <summary>
    /// loss_objectness, by default the mean binary cross-entropy over the sampled anchors; loss_rpn_box_reg, by default smooth L1 of the sampled foreground's deltas
    /// over the number of sampled anchors. <paramref name="boxes"/>: [N,4] per image in pixels of the batch.
    /// </summary>
    public void AddLosses(LossParts losses, RpnPrediction prediction, ImageBatch batch, IReadOnlyList<Tensor> boxes, RandomStream? random)
    {
        using var scope = NewDisposeScope();
        Tensor anchors = cat([.. Anchors(batch, prediction)], 0);
        long perImage = anchors.shape[0];
        List<long> foreground = [], background = [];
        List<Tensor> targets = [], starts = [];
        Tensor allLogits = Flat(prediction.Logits, 1);
        for (int image = 0; image < boxes.Count; image++)
        {
            using IDisposable noGradient = no_grad();
            Tensor matches = Match(anchors, boxes[image], batch.Sizes[image]);
            SampledIndices sample = Sample(matches, allLogits[image], random);
            foreground.AddRange(sample.Positive.cpu().data<long>().Select(i => i + image * perImage));
            background.AddRange(sample.Negative.cpu().data<long>().Select(i => i + image * perImage));
            if (sample.Positive.shape[0] > 0)
            {
                Tensor objects = boxes[image].index_select(0, matches.index_select(0, sample.Positive));
                starts.Add(anchors.index_select(0, sample.Positive));
                targets.Add(_coder.Encode(objects, starts[^1]));
            }
        }

        Device device = allLogits.device;
        Tensor sampled = tensor(foreground.Concat(background).ToArray(), device: device);
        Tensor logits = allLogits.flatten().index_select(0, sampled);
        Tensor labels = cat([ones([foreground.Count], device: device), zeros([background.Count], device: device)], 0);
        Tensor objectness = _classLoss.Objectness(logits, labels, foreground.Count);
        Tensor deltas = Flat(prediction.Deltas, 4).flatten(0, 1).index_select(0, tensor(foreground.ToArray(), device: device));
        Tensor box = targets.Count > 0
            ? _boxLoss.Sum(deltas, cat([.. targets], 0), cat([.. starts], 0)).div((double)_boxLoss.Divisor(foreground.Count, foreground.Count + background.Count, (long)_config.BatchPerImage * boxes.Count))
            : deltas.sum();
        losses.Add("loss_objectness", Weighted(objectness, _config.ObjectnessLossWeight).MoveToOuterDisposeScope());
        losses.Add("loss_rpn_box_reg", Weighted(box, _config.BoxLossWeight).MoveToOuterDisposeScope());
    }

    /// <summary>[A] int64: object of each anchor, −1 background, −2 neither. Anchors that are left out do not take part: an object is given the best of the others.</summary>
    private Tensor Match(Tensor anchors, Tensor objects, ImageSize size)
    {
        if (!_config.DropOutsideAnchors)
        {
            return _matcher.Match(anchors, objects);
        }

        Tensor[] sides = [.. Enumerable.Range(0, 4).Select(i => anchors.select(1, i))];
        (Tensor right, Tensor bottom) = _extent == BoxExtent.Inclusive ? (sides[2].lt(size.Width), sides[3].lt(size.Height)) : (sides[2].le(size.Width), sides[3].le(size.Height));
        Tensor inside = sides[0].ge(0).logical_and(sides[1].ge(0)).logical_and(right).logical_and(bottom).nonzero().squeeze(1);
        return full([anchors.shape[0]], Matcher.Between, ScalarType.Int64, anchors.device).index_copy_(0, inside, _matcher.Match(anchors.index_select(0, inside), objects));
    }

    /// <summary>The anchors to learn from; with mining, the background's loss rises with its logit, so the highest logits are the hardest.</summary>
    private SampledIndices Sample(Tensor matches, Tensor logits, RandomStream? random)
    {
        Tensor labels = matches.add(1);
        SampledIndices sample = _sampler.Sample(labels, random);
        if (!_classLoss.Mines)
        {
            return sample;
        }

        int rest = Math.Max(0, _config.BatchPerImage - (int)sample.Positive.shape[0]);
        return new SampledIndices(sample.Positive, HardExamples.Negatives(logits.detach().flatten(), labels, ratio: 0, minimum: rest).Negative);
    }

    private static Tensor Weighted(Tensor loss, double weight) => weight == 1 ? loss : loss.mul(weight);

    private static (int Height, int Width) Padded(ImageBatch batch)
    {
        long[] shape = batch.Pixels.shape;
        return ((int)shape[2], (int)shape[3]);
    }

    private static IReadOnlyList<(int Height, int Width)> Grids(RpnPrediction prediction) => [.. prediction.Logits.Select(l => ((int)l.shape[2], (int)l.shape[3]))];

    /// <summary>[B,A·n,H,W] of each level to [B, ΣH·W·A, n]; channels-last maps are only seen in another shape.</summary>
    private static Tensor Flat(IReadOnlyList<Tensor> levels, int n) =>
        cat([.. levels.Select(l => l.permute(0, 2, 3, 1).reshape(l.shape[0], -1, n))], 1);
}
