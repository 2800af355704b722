using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Which entries were drawn, each [n] int64, rising.</summary>
public sealed record SampledIndices(Tensor Positive, Tensor Negative) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Positive.Dispose();
        Negative.Dispose();
    }
}
