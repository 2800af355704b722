using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Stage 2: pool every region to one size from the level that fits it, classify it and refine its box for each class. Girshick 2015; Lin et al. 2017, §4.2.</summary>
public sealed class RegionHeads : Module
{
    /// <summary>Below this difference the box loss is quadratic.</summary>
    private const double Beta = 1.0 / 9;

    private readonly RegionHead box_head;
    private readonly BoxPredictor box_predictor;
    private readonly RoiConfig _config;
    private readonly int _classes;
    private readonly int[] _levels;
    private readonly MultiScaleRoiAlign _pool;
    private readonly Matcher _matcher;
    private readonly BalancedSampler _sampler;
    private readonly BoxCoder _coder;

    /// <param name="masks">Build the mask branch too.</param>
    /// <exception cref="RcnnException">A level that the backbone does not have, or a setting of the mask branch out of range.</exception>
    public RegionHeads(RoiConfig config, int classes, IReadOnlyList<string> levels, int channels, RegionHead head, bool masks = false)
        : base(nameof(RegionHeads))
    {
        string[] pooled = config.Levels ?? [.. levels.Where(l => char.IsAsciiDigit(l[0]))];
        _levels = [.. pooled.Select(name => levels.ToList().IndexOf(name))];
        if (_levels.Length == 0 || _levels.Contains(-1))
        {
            throw RcnnException.Usage($"roi.levels: some of {string.Join(", ", levels)} expected, got {string.Join(", ", pooled)}");
        }

        (_config, _classes) = (config, classes);
        _pool = new MultiScaleRoiAlign(config.PoolSize, config.PoolSize, config.SamplingRatio, config.Aligned, config.CanonicalSize, config.CanonicalLevel);
        _matcher = new Matcher(config.ForegroundIou, config.BackgroundIou, allowLowQuality: false);
        _sampler = new BalancedSampler(config.BatchPerImage, config.PositiveFraction);
        _coder = new BoxCoder(config.BoxWeights);
        box_head = head;
        box_predictor = new BoxPredictor(head.Width, classes);
        RegisterComponents();
        if (masks)
        {
            Mask = new MaskBranch(config, classes, channels);
            register_module("mask_head", Mask.Head);
            register_module("mask_predictor", Mask.Predictor);
        }
    }

    /// <summary>The mask branch, or null.</summary>
    public MaskBranch? Mask { get; }

    /// <summary>The maps that regions are pooled from.</summary>
    public IReadOnlyList<Tensor> Pooled(IReadOnlyList<Tensor> maps) => [.. _levels.Select(l => maps[l])];

    /// <summary>Classifies and refines <paramref name="boxes"/>, [R,4] for each image in pixels of the batch.</summary>
    public RegionPrediction Predict(IReadOnlyList<Tensor> maps, IReadOnlyList<Tensor> boxes, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        // Channels first, as the first linear layer of a torchvision checkpoint reads them.
        Tensor regions = _pool.Apply(Pooled(maps), boxes, [.. batch.Sizes.Select(s => (s.Height, s.Width))], channelsLastOutput: false);
        RegionPrediction prediction = box_predictor.call(box_head.call(regions));
        prediction.Logits.MoveToOuterDisposeScope();
        prediction.Deltas.MoveToOuterDisposeScope();
        return prediction;
    }

    /// <summary>
    /// Labels proposals and objects by their IoU with the objects and draws a balanced sample for each image, in index order.
    /// Without gradient; an image without objects gives background only.
    /// </summary>
    public RegionSamples Sample(IReadOnlyList<Tensor> proposals, IReadOnlyList<Tensor> objects, IReadOnlyList<Tensor> labels, RandomStream? random)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        var boxes = new List<Tensor>();
        List<Tensor> deltas = [], foregroundBoxes = [], foregroundObjects = [];
        List<long> sampledLabels = [], foreground = [];
        for (int image = 0; image < proposals.Count; image++)
        {
            Tensor candidates = cat([proposals[image], objects[image]], 0);
            Tensor matched = _matcher.Match(candidates, objects[image]);
            long[] matches = [.. matched.data<long>()];
            long[] objectLabels = [.. labels[image].data<long>()];
            SampledIndices drawn = _sampler.Sample(matched.add(1), random);
            long[] sample = [.. drawn.Positive.data<long>().Concat(drawn.Negative.data<long>()).Order()];
            Tensor sampledBoxes = candidates.index_select(0, tensor(sample));
            boxes.Add(sampledBoxes);
            var own = new List<long>();
            for (int i = 0; i < sample.Length; i++)
            {
                long match = matches[sample[i]];
                if (match >= 0)
                {
                    foreground.Add(sampledLabels.Count);
                    own.Add(i);
                }

                sampledLabels.Add(match >= 0 ? objectLabels[match] : 0);
            }

            foregroundBoxes.Add(sampledBoxes.index_select(0, tensor(own.ToArray())));
            foregroundObjects.Add(tensor(own.Select(i => matches[sample[i]]).ToArray()));
            if (own.Count > 0)
            {
                deltas.Add(_coder.Encode(objects[image].index_select(0, foregroundObjects[image]), foregroundBoxes[image]));
            }
        }

        foreach (Tensor b in boxes.Concat(foregroundBoxes).Concat(foregroundObjects))
        {
            b.MoveToOuterDisposeScope();
        }

        return new RegionSamples(
            boxes,
            tensor(sampledLabels.ToArray()).MoveToOuterDisposeScope(),
            tensor(foreground.ToArray()).MoveToOuterDisposeScope(),
            tensor(foreground.Select(i => sampledLabels[(int)i]).ToArray()).MoveToOuterDisposeScope(),
            (deltas.Count > 0 ? cat([.. deltas], 0) : zeros([0, 4])).MoveToOuterDisposeScope(),
            foregroundBoxes,
            foregroundObjects);
    }

    /// <summary>
    /// loss_classifier: mean cross-entropy over the sample; loss_box_reg: smooth L1 of the foreground's deltas for its own class, over
    /// the size of the sample.
    /// </summary>
    public void AddLosses(LossParts losses, RegionPrediction prediction, RegionSamples samples)
    {
        using var scope = NewDisposeScope();
        Tensor classifier = F.cross_entropy(prediction.Logits, samples.Labels);
        Tensor own = prediction.Deltas.view(-1, 4).index_select(0, samples.Foreground.mul(_classes).add(samples.ForegroundLabels));
        Tensor box = Rcnn.Ops.Losses.SmoothL1(own, samples.Deltas, Beta, Reduction.Sum).div((double)samples.Labels.shape[0]);
        losses.Add("loss_classifier", Weighted(classifier, _config.ClassLossWeight).MoveToOuterDisposeScope());
        losses.Add("loss_box_reg", Weighted(box, _config.BoxLossWeight).MoveToOuterDisposeScope());
    }

    private static Tensor Weighted(Tensor loss, double weight) => weight == 1 ? loss : loss.mul(weight);
}
