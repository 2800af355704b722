using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// The fast way through a dense 3×3 convolution where no gradient is wanted: <see cref="Conv3x3"/> in place of libtorch's direct sum, three times as fast on maps that are
/// large beside the weights. The transformed weights are kept until the weights change.
/// </summary>
public sealed class WinogradLayer(Conv2d convolution)
{
    private readonly bool _fits =
        convolution.weight.shape is [>= 32, >= 32, 3, 3] && convolution.groups == 1 && convolution.stride.All(s => s == 1)
        && convolution.dilation.All(d => d == 1) && convolution.padding is { } padding && padding.All(p => p == 1);

    private WinogradFilter? _filter;
    private long _stamp;

    /// <summary>Whether <paramref name="input"/> is better served here: no gradients, and a map that outweighs the weights (or weights that are transformed already).</summary>
    public bool Suits(Tensor input) =>
        _fits && !is_grad_enabled() && input.device_type == TorchSharp.DeviceType.CPU && input.dtype == ScalarType.Float32
        && (_filter is not null || convolution.weight.numel() <= input.numel() / input.shape[1] * convolution.weight.shape[0]);

    /// <summary>[B,C,H,W] to [B,K,H,W], channels-last. Scale and bias are [K] or null.</summary>
    /// <param name="stamp">Version of everything that scale and bias come from; the weights' own is added.</param>
    public Tensor Apply(Tensor input, Func<(Tensor? Scale, Tensor? Bias)> affine, long stamp, bool relu)
    {
        stamp += Engine.Version(convolution.weight);
        if (_filter is null || stamp != _stamp)
        {
            using var scope = NewDisposeScope();
            _filter?.Dispose();
            (Tensor? scale, Tensor? bias) = affine();
            (_filter, _stamp) = (new WinogradFilter(convolution.weight, bias, scale), stamp);
        }

        return Conv3x3.Apply(input, _filter, relu);
    }

    /// <summary>The convolution with its own bias.</summary>
    public Tensor Apply(Tensor input, bool relu = false)
    {
        Tensor? bias = convolution.bias;
        return Apply(input, () => (null, bias), bias is null ? 0 : Engine.Version(bias), relu);
    }

    /// <summary>Drops the transformed weights.</summary>
    public void Release()
    {
        _filter?.Dispose();
        _filter = null;
    }
}
