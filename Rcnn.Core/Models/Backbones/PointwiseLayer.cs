using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// The fast way through a 1×1 convolution where no gradient is wanted: <see cref="Conv1x1"/>, which adds, normalises and activates in the pass that stores the result.
/// The packed weights are kept until the weights change.
/// </summary>
public sealed class PointwiseLayer(Conv2d convolution)
{
    /// <summary>Weights that may outnumber the outputs: a megabyte.</summary>
    private const long Small = 1 << 18;

    private readonly bool _fits =
        convolution.weight.shape is [>= 8, >= 8, 1, 1] && convolution.groups == 1 && convolution.stride.All(s => s == 1)
        && convolution.padding is { } padding && padding.All(p => p == 0);

    private PointwiseFilter? _filter;
    private long _stamp;

    /// <summary>Whether <paramref name="input"/> is better served here: no gradients, channels-last, and weights worth a second copy.</summary>
    public bool Suits(Tensor input) =>
        _fits && !is_grad_enabled() && input.device_type == TorchSharp.DeviceType.CPU && input.dtype == ScalarType.Float32 && Engine.IsChannelsLast(input)
        && convolution.weight.numel() <= Math.Max(Small, input.numel() / input.shape[1] * convolution.weight.shape[0]);

    /// <summary>[B,C,H,W] to [B,K,H,W], channels-last. The affine map's scale and bias are [K] or null; <paramref name="residual"/> is added before the activation.</summary>
    /// <param name="stamp">Version of everything that scale and bias come from; the weights' own is added.</param>
    public Tensor Apply(Tensor input, Func<(Tensor? Scale, Tensor? Bias)> affine, long stamp, Tensor? residual, Activation activation)
    {
        stamp += Engine.Version(convolution.weight);
        if (_filter is null || stamp != _stamp)
        {
            using var scope = NewDisposeScope();
            _filter?.Dispose();
            (Tensor? scale, Tensor? bias) = affine();
            (_filter, _stamp) = (new PointwiseFilter(convolution.weight, bias, scale), stamp);
        }

        return Conv1x1.Apply(input, _filter, residual, activation switch
        {
            Activation.Relu => PointwiseActivation.Relu,
            Activation.Relu6 => PointwiseActivation.Relu6,
            Activation.Hardswish => PointwiseActivation.Hardswish,
            _ => PointwiseActivation.None,
        });
    }

    /// <summary>The convolution with its own bias.</summary>
    public Tensor Apply(Tensor input, Tensor? residual, Activation activation)
    {
        Tensor? bias = convolution.bias;
        return Apply(input, () => (null, bias), bias is null ? 0 : Engine.Version(bias), residual, activation);
    }

    /// <summary>Drops the packed weights.</summary>
    public void Release()
    {
        _filter?.Dispose();
        _filter = null;
    }
}
