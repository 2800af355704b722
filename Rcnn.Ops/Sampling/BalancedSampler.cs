using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Draws positives and negatives uniformly: the sampler of Fast and Faster R-CNN.</summary>
public sealed class BalancedSampler : ExampleSampler
{
    /// <inheritdoc cref="ExampleSampler(int, double)"/>
    public BalancedSampler(int batch, double fraction)
        : base(batch, fraction)
    {
    }

    /// <inheritdoc cref="ExampleSampler.Sample(Tensor, Tensor, RandomStream)"/>
    public SampledIndices Sample(Tensor labels, RandomStream? random) => Sample(labels, null, random);
}
