using Rcnn.Core.Models.Criteria;
using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Stage 2: pool every region to one size from the level that fits it, classify it and refine its box for each class. Girshick 2015; Lin et al. 2017, §4.2.</summary>
public sealed class RegionHeads : Module
{
    /// <summary>Without gradients the linear layers see no more regions at a time: pooled, a thousand take 50 MB.</summary>
    private const int RegionsAtOnce = 512;

    private readonly RegionHead box_head;
    private readonly BoxPredictor box_predictor;
    private readonly RoiConfig _config;
    private readonly int _classes;
    private readonly int[] _levels;
    private readonly MultiScaleRoiPooling _pool;
    private readonly Matcher _matcher;
    private readonly RegionSampler _sampler;
    private readonly BoxCoder _coder;
    private readonly ClassCriterion _classLoss;
    private readonly BoxCriterion _boxLoss;

    /// <param name="masks">Build the mask branch too.</param>
    /// <exception cref="RcnnException">A level that the backbone does not have, or a setting of the pooling or the mask branch out of range.</exception>
    public RegionHeads(RoiConfig config, int classes, IReadOnlyList<string> levels, int channels, RegionHead head, bool masks = false)
        : base(nameof(RegionHeads))
    {
        string[] pooled = config.Levels ?? [.. levels.Where(l => char.IsAsciiDigit(l[0]))];
        _levels = [.. pooled.Select(name => levels.ToList().IndexOf(name))];
        if (_levels.Length == 0 || _levels.Contains(-1))
        {
            throw RcnnException.Usage($"model.roi.levels: some of {string.Join(", ", levels)} expected, got {string.Join(", ", pooled)}");
        }

        (_config, _classes) = (config, classes);
        _pool = RegionPooling.Create(config, config.PoolSize);
        _matcher = new Matcher(config.ForegroundIou, config.BackgroundIou, allowLowQuality: false, BoxSettings.Extent("model.roi.boxExtent", config.BoxExtent));
        _sampler = new RegionSampler(config);
        _coder = BoxSettings.Coder("model.roi", config.BoxWeights, config.MaxGrowth, config.BoxExtent);
        _classLoss = new ClassCriterion(config.ClassLoss);
        _boxLoss = new BoxCriterion(config.BoxLoss, config.BoxWeights, config.MaxGrowth, BoxSettings.Extent("model.roi.boxExtent", config.BoxExtent));
        box_head = head;
        box_predictor = new BoxPredictor(head.Width, classes, config.ClassAgnosticBoxes);
        RegisterComponents();
        if (masks)
        {
            Mask = new MaskBranch(config, classes, channels);
            register_module("mask_head", Mask.Head);
            register_module("mask_predictor", Mask.Predictor);
        }
    }

    /// <summary>What pooled regions go through.</summary>
    public RegionHead Head => box_head;

    /// <summary>The mask branch, or null.</summary>
    public MaskBranch? Mask { get; }

    /// <summary>The maps that regions are pooled from, in float32.</summary>
    public IReadOnlyList<Tensor> Pooled(IReadOnlyList<Tensor> maps) => [.. _levels.Select(l => FullPrecision.Of(maps[l]))];

    /// <summary>Classifies and refines <paramref name="boxes"/>, [R,4] for each image in pixels of the batch.</summary>
    public RegionPrediction Predict(IReadOnlyList<Tensor> maps, IReadOnlyList<Tensor> boxes, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<Tensor> levels = Pooled(maps);
        long count = boxes.Sum(b => b.shape[0]), parts = (count + RegionsAtOnce - 1) / RegionsAtOnce;
        if (is_grad_enabled() || box_head is not BoxHead || parts < 2 || boxes[0].device_type != TorchSharp.DeviceType.CPU)
        {
            RegionPrediction whole = Part(levels, boxes, batch);
            return new RegionPrediction(whole.Logits.MoveToOuterDisposeScope(), whole.Deltas.MoveToOuterDisposeScope());
        }

        List<Tensor> logits = [], deltas = [];
        for (long part = 0; part < parts; part++)
        {
            RegionPrediction prediction = Part(levels, Range(boxes, part * count / parts, (part + 1) * count / parts), batch);
            logits.Add(prediction.Logits);
            deltas.Add(prediction.Deltas);
        }

        return new RegionPrediction(cat([.. logits], 0).MoveToOuterDisposeScope(), cat([.. deltas], 0).MoveToOuterDisposeScope());
    }

    private RegionPrediction Part(IReadOnlyList<Tensor> levels, IReadOnlyList<Tensor> boxes, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        // Channels first, as the first linear layer of a torchvision checkpoint reads them.
        Tensor regions = _pool.Apply(levels, boxes, RegionPooling.Sizes(_config, batch), channelsLastOutput: false);
        RegionPrediction prediction = box_predictor.call(box_head.call(regions));
        return new RegionPrediction(
            FullPrecision.Of(prediction.Logits).MoveToOuterDisposeScope(), FullPrecision.Of(prediction.Deltas).MoveToOuterDisposeScope());
    }

    /// <summary>Boxes <paramref name="first"/> to <paramref name="end"/> of all images' together, each still with its image.</summary>
    private static List<Tensor> Range(IReadOnlyList<Tensor> boxes, long first, long end)
    {
        var range = new List<Tensor>();
        long at = 0;
        foreach (Tensor own in boxes)
        {
            long from = Math.Clamp(first - at, 0, own.shape[0]), to = Math.Clamp(end - at, 0, own.shape[0]);
            range.Add(own.narrow(0, from, to - from));
            at += own.shape[0];
        }

        return range;
    }

    /// <summary>
    /// Labels proposals and (<see cref="RoiConfig.AppendObjects"/>) objects by their IoU with the objects and draws a sample for each image, in index order.
    /// Without gradient; an image without objects gives background only. Proposals and objects are on one device, where the sample will be; labels may be on the CPU.
    /// </summary>
    public RegionSamples Sample(IReadOnlyList<Tensor> proposals, IReadOnlyList<Tensor> objects, IReadOnlyList<Tensor> labels, RandomStream? random)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        Device device = proposals[0].device;
        var boxes = new List<Tensor>();
        List<Tensor> deltas = [], foregroundBoxes = [], foregroundObjects = [];
        List<long> sampledLabels = [], foreground = [];
        for (int image = 0; image < proposals.Count; image++)
        {
            Tensor candidates = _config.AppendObjects ? cat([proposals[image], objects[image]], 0) : proposals[image];
            Tensor matched = _matcher.Match(candidates, objects[image]);
            long[] matches = [.. matched.cpu().data<long>()];
            long[] objectLabels = [.. labels[image].cpu().data<long>()];
            SampledIndices drawn = _sampler.Draw(matched, candidates, objects[image], labels[image], random);
            long[] sample = [.. drawn.Positive.cpu().data<long>().Concat(drawn.Negative.cpu().data<long>()).Order()];
            Tensor sampledBoxes = candidates.index_select(0, tensor(sample, device: device));
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

            foregroundBoxes.Add(sampledBoxes.index_select(0, tensor(own.ToArray(), device: device)));
            foregroundObjects.Add(tensor(own.Select(i => matches[sample[i]]).ToArray(), device: device));
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
            tensor(sampledLabels.ToArray(), device: device).MoveToOuterDisposeScope(),
            tensor(foreground.ToArray(), device: device).MoveToOuterDisposeScope(),
            tensor(foreground.Select(i => sampledLabels[(int)i]).ToArray(), device: device).MoveToOuterDisposeScope(),
            (deltas.Count > 0 ? cat([.. deltas], 0) : zeros([0, 4], device: device)).MoveToOuterDisposeScope(),
            foregroundBoxes,
            foregroundObjects);
    }

    /// <summary>
    /// Of <paramref name="samples"/> those that are worst at present, found by a pass without gradient: hard example mining (Shrivastava et al. 2016, §4.2). All of
    /// them, the same object, where the configuration does not mine.
    /// </summary>
    public RegionSamples Hardest(RegionSamples samples, IReadOnlyList<Tensor> maps, ImageBatch batch) =>
        _classLoss.Mines ? samples.Select(Mine(samples, maps, batch)) : samples;

    /// <summary>
    /// loss_classifier, by default the mean cross-entropy over the sample; loss_box_reg, by default smooth L1 of the foreground's deltas for its own class, over the size of the sample.
    /// Both are 0 where nothing was sampled.
    /// </summary>
    public void AddLosses(LossParts losses, RegionPrediction prediction, RegionSamples samples)
    {
        using var scope = NewDisposeScope();
        long foreground = samples.Foreground.shape[0], count = samples.Labels.shape[0];
        if (count == 0)
        {
            // Still functions of the head, so that its gradients exist and are 0.
            losses.Add("loss_classifier", prediction.Logits.sum().MoveToOuterDisposeScope());
            losses.Add("loss_box_reg", prediction.Deltas.sum().MoveToOuterDisposeScope());
            return;
        }

        Tensor classifier = _classLoss.Classes(prediction.Logits, samples.Labels, foreground);
        Tensor box = _boxLoss.Sum(Own(prediction, samples), samples.Deltas, cat([.. samples.ForegroundBoxes], 0)).div((double)_boxLoss.Divisor(foreground, count, (long)_config.BatchPerImage * samples.Boxes.Count));
        losses.Add("loss_classifier", Weighted(classifier, _config.ClassLossWeight).MoveToOuterDisposeScope());
        losses.Add("loss_box_reg", Weighted(box, _config.BoxLossWeight).MoveToOuterDisposeScope());
    }

    /// <summary>For each image the rows with the highest loss, rising.</summary>
    private List<long[]> Mine(RegionSamples samples, IReadOnlyList<Tensor> maps, ImageBatch batch)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradient = Engine.WithoutGradients();
        RegionPrediction prediction = Predict(maps, samples.Boxes, batch);
        Tensor loss = ClassCriterion.Rows(prediction.Logits, samples.Labels).mul(_config.ClassLossWeight);
        Tensor box = _boxLoss.Rows(Own(prediction, samples), samples.Deltas, cat([.. samples.ForegroundBoxes], 0)).mul(_config.BoxLossWeight);
        loss = loss.index_add(0, samples.Foreground, box, 1);
        var kept = new List<long[]>();
        long first = 0;
        foreach (Tensor boxes in samples.Boxes)
        {
            Tensor own = loss.narrow(0, first, boxes.shape[0]);
            kept.Add([.. HardExamples.TopAfterNms(boxes, own, _config.BatchPerImage, _classLoss.MiningNms).cpu().data<long>().Order()]);
            first += boxes.shape[0];
        }

        return kept;
    }

    /// <summary>[F,4]: the deltas of the foreground for its class.</summary>
    private Tensor Own(RegionPrediction prediction, RegionSamples samples) => _config.ClassAgnosticBoxes
        ? prediction.Deltas.index_select(0, samples.Foreground)
        : prediction.Deltas.view(-1, 4).index_select(0, samples.Foreground.mul(_classes).add(samples.ForegroundLabels));

    private static Tensor Weighted(Tensor loss, double weight) => weight == 1 ? loss : loss.mul(weight);
}
