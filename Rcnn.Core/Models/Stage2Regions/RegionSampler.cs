using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Which of an image's regions stage 2 learns from, as <see cref="RoiConfig.Sampler"/> and <see cref="RoiConfig.BackgroundIouLow"/> say.</summary>
internal sealed class RegionSampler
{
    private readonly RoiConfig _config;
    private readonly ExampleSampler _sampler;
    private readonly BoxExtent _extent;

    public RegionSampler(RoiConfig config)
    {
        _config = config;
        _extent = BoxSettings.Extent("model.roi.boxExtent", config.BoxExtent);
        bool all = config.Sampler == "all" || config.ClassLoss.Kind == "ohem";
        _sampler = all ? new BalancedSampler(int.MaxValue, 1) : config.Sampler switch
        {
            "class-balanced" => new ClassBalancedSampler(config.BatchPerImage, config.PositiveFraction),
            "iou-balanced" => new IouBalancedSampler(config.BatchPerImage, config.PositiveFraction, high: config.BackgroundIou),
            _ => new BalancedSampler(config.BatchPerImage, config.PositiveFraction),
        };
    }

    /// <param name="matches">[N] int64: object of each candidate, −1 background, −2 neither</param>
    /// <param name="candidates">[N,4]</param>
    /// <param name="objects">[G,4]; G may be 0</param>
    /// <param name="labels">[G] int64, 1 … C</param>
    public SampledIndices Draw(Tensor matches, Tensor candidates, Tensor objects, Tensor labels, RandomStream? random)
    {
        using var scope = NewDisposeScope();
        Tensor marks = matches.add(1);
        if (_sampler is ClassBalancedSampler && objects.shape[0] > 0)
        {
            marks = where(matches.ge(0), labels.to(matches.device).index_select(0, matches.clamp(min: 0)), marks);
        }

        Tensor? overlaps = null;
        if (_sampler is IouBalancedSampler || _config.BackgroundIouLow > 0)
        {
            overlaps = objects.shape[0] > 0 ? BoxOps.Iou(candidates, objects, _extent).amax(1) : zeros([candidates.shape[0]], device: candidates.device);
        }

        if (_config.BackgroundIouLow > 0)
        {
            marks = BackgroundRange.Restrict(marks, overlaps!, _config.BackgroundIouLow);
        }

        SampledIndices drawn = _sampler.Sample(marks, overlaps, random);
        return new SampledIndices(drawn.Positive.MoveToOuterDisposeScope(), drawn.Negative.MoveToOuterDisposeScope());
    }
}
