using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Backbones;

public enum Activation
{
    None,
    Relu,
    Relu6,
    Hardswish,
}

/// <summary>
/// A convolution, the normalisation after it and an activation, computed as one convolution wherever the normalisation is a fixed
/// affine map (frozen, or batch normalisation in evaluation): W' = W·s, b' = bias + (b − mean)·s with s = weight/√(var + eps). Without a
/// normalisation, the convolution as it is.
/// With gradients the product W·s is part of the graph; without, it is kept until one of the tensors it comes from changes.
/// Where the weights outnumber the outputs (the last stages of a ResNet) the map is applied to the outputs, in place, instead: it touches less memory
/// and needs no second copy of the weights. Without gradients a dense 3×3 convolution goes the way of <see cref="WinogradLayer"/>. The modules stay what they are: nothing here shows in the state dictionary.
/// </summary>
public sealed class ConvNorm(Conv2d convolution, Module<Tensor, Tensor>? norm, Activation activation)
{
    private readonly WinogradLayer _winograd = new(convolution);
    private Tensor? _weight;
    private Tensor? _bias;
    private long _stamp = -1;

    /// <summary>[B,C,H,W] float32 to [B,C',H',W'].</summary>
    public Tensor Apply(Tensor input)
    {
        (Tensor Scale, Tensor Shift, Tensor Mean, Tensor Variance, double Eps)? affine = norm switch
        {
            FrozenBatchNorm2d f => (Buffer(f, "weight"), Buffer(f, "bias"), Buffer(f, "running_mean"), Buffer(f, "running_var"), f.Eps),
            BatchNorm2d { training: false } b => (b.weight!, b.bias!, b.running_mean!, b.running_var!, b.eps),
            _ => null,
        };
        bool fast = activation is Activation.None or Activation.Relu && _winograd.Suits(input);
        if (norm is null)
        {
            return fast ? _winograd.Apply(input, activation == Activation.Relu) : Activate(convolution.call(input), activation);
        }

        if (affine is not { } a)
        {
            using Tensor raw = convolution.call(input);
            // libtorch 1.13 has no group normalisation of half-precision input with float32 weights, as autocast would want it; batch normalisation it has.
            return Activate(norm.call(norm is GroupNorm ? FullPrecision.Of(raw) : raw), activation);
        }

        long version = Engine.Version(a.Scale) + Engine.Version(a.Shift) + Engine.Version(a.Mean) + Engine.Version(a.Variance)
            + (convolution.bias is { } counted ? Engine.Version(counted) : 0);
        if (fast)
        {
            return _winograd.Apply(input, () => Affine(a.Scale, a.Shift, a.Mean, a.Variance, a.Eps), version, activation == Activation.Relu);
        }

        if (convolution.weight.numel() > OutputCount(input))
        {
            using var scope = NewDisposeScope();
            (Tensor factor, Tensor shift) = Affine(a.Scale, a.Shift, a.Mean, a.Variance, a.Eps);
            Tensor output = Convolve(input, convolution.weight, null).mul_(factor.view(1, -1, 1, 1)).add_(shift.view(1, -1, 1, 1));
            return Activate(output, activation).MoveToOuterDisposeScope();
        }

        if (is_grad_enabled() && (convolution.weight.requires_grad || a.Scale.requires_grad || a.Shift.requires_grad))
        {
            using var scope = NewDisposeScope();
            (Tensor weight, Tensor bias) = Fold(a.Scale, a.Shift, a.Mean, a.Variance, a.Eps);
            return Activate(Convolve(input, weight, bias), activation).MoveToOuterDisposeScope();
        }

        long stamp = Engine.Version(convolution.weight) + version;
        if (stamp != _stamp || _weight is null || _bias is null || _weight.device_type != convolution.weight.device_type || _weight.device_index != convolution.weight.device_index)
        {
            using var scope = NewDisposeScope();
            using IDisposable guard = no_grad();
            Release();
            (_weight, _bias) = Fold(a.Scale, a.Shift, a.Mean, a.Variance, a.Eps);
            _weight.DetachFromDisposeScope();
            _bias.DetachFromDisposeScope();
            _stamp = stamp;
        }

        return Activate(Convolve(input, _weight, _bias), activation);
    }

    /// <summary>Drops the folded weights; the next call makes them anew.</summary>
    public void Release()
    {
        _weight?.Dispose();
        _bias?.Dispose();
        _winograd.Release();
        (_weight, _bias) = (null, null);
    }

    /// <summary>Applies in place where the activation allows it and returns the result.</summary>
    public static Tensor Activate(Tensor value, Activation activation) => activation switch
    {
        Activation.Relu => F.relu(value, inplace: true),
        Activation.Relu6 => F.relu6(value, inplace: true),
        Activation.Hardswish => F.hardswish(value, inplace: false),
        _ => value,
    };

    private static Tensor Buffer(FrozenBatchNorm2d norm, string name) => norm.get_buffer(name)!;

    /// <summary>Factor and shift of the bare product of weights and input: a bias of the convolution goes into the shift.</summary>
    private (Tensor Factor, Tensor Shift) Affine(Tensor scale, Tensor shift, Tensor mean, Tensor variance, double eps)
    {
        (Tensor factor, Tensor bias) = FrozenBatchNorm2d.Affine(scale, shift, mean, variance, eps);
        return (factor, convolution.bias is { } own ? bias.add(own.mul(factor)) : bias);
    }

    private (Tensor Weight, Tensor Bias) Fold(Tensor scale, Tensor shift, Tensor mean, Tensor variance, double eps)
    {
        (Tensor factor, Tensor bias) = Affine(scale, shift, mean, variance, eps);
        return (convolution.weight.mul(factor.view(-1, 1, 1, 1)), bias);
    }

    /// <summary>Elements of the output; a pixel more or less at the border does not matter here.</summary>
    private long OutputCount(Tensor input) =>
        input.numel() / input.shape[1] * convolution.weight.shape[0] / (convolution.stride[0] * convolution.stride[^1]);

    private Tensor Convolve(Tensor input, Tensor weight, Tensor? bias) =>
        F.conv2d(input, weight, bias, convolution.stride, convolution.padding, convolution.dilation, convolution.groups);
}
