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
/// affine map (frozen, or batch normalisation in evaluation or in a frozen stage, whose statistics stay as they are): W' = W·s, b' = bias + (b − mean)·s with s = weight/√(var + eps). Without a
/// normalisation, the convolution as it is.
/// With gradients the product W·s is part of the graph; without, it is kept until one of the tensors it comes from changes.
/// Where the weights outnumber the outputs (the last stages of a ResNet) the map is applied to the outputs, in place, instead: it touches less memory
/// and needs no second copy of the weights. Without gradients a dense 3×3 convolution goes the way of
/// <see cref="WinogradLayer"/>. The modules stay what they are: nothing here shows in the state dictionary.
/// </summary>
public sealed class ConvNorm(Conv2d convolution, Module<Tensor, Tensor>? norm, Activation activation)
{
    private readonly WinogradLayer _winograd = new(convolution);
    private Tensor? _weight;
    private Tensor? _bias;
    private long _stamp = -1;

    /// <summary>[B,C,H,W] float32 to [B,C',H',W']. <paramref name="residual"/> [B,C',H',W'] is added before the activation; null adds nothing.</summary>
    public Tensor Apply(Tensor input, Tensor? residual = null)
    {
        FixedNorm? affine = FixedNorm.Of(norm);
        bool winograd = (norm is null || affine is not null) && _winograd.Suits(input);
        if (winograd && residual is null && activation is Activation.None or Activation.Relu)
        {
            return Winograd(input, affine, activation == Activation.Relu);
        }

        using var scope = NewDisposeScope();
        Tensor output = affine is { } map ? winograd ? Winograd(input, map, relu: false) : Mapped(input, map) : Normalised(input);
        output = residual is null ? output : output.add_(residual);
        return Activate(output, activation).MoveToOuterDisposeScope();
    }

    private Tensor Winograd(Tensor input, FixedNorm? affine, bool relu) =>
        affine is { } map ? _winograd.Apply(input, () => Affine(map), Version(map), relu) : _winograd.Apply(input, relu);

    private Tensor Normalised(Tensor input)
    {
        Tensor raw = convolution.call(input);
        // libtorch 1.13 has no group normalisation of half-precision input with float32 weights, as autocast would want it; batch normalisation it has.
        return norm is null ? raw : norm.call(norm is GroupNorm ? FullPrecision.Of(raw) : raw);
    }

    private Tensor Mapped(Tensor input, FixedNorm a)
    {
        if (convolution.weight.numel() > OutputCount(input))
        {
            (Tensor factor, Tensor shift) = Affine(a);
            return Convolve(input, convolution.weight, null).mul_(factor.view(1, -1, 1, 1)).add_(shift.view(1, -1, 1, 1));
        }

        if (is_grad_enabled() && (convolution.weight.requires_grad || a.Scale.requires_grad || a.Shift.requires_grad))
        {
            (Tensor weight, Tensor bias) = Fold(a);
            return Convolve(input, weight, bias);
        }

        long stamp = Engine.Version(convolution.weight) + Version(a);
        if (stamp != _stamp || _weight is null || _bias is null || _weight.device_type != convolution.weight.device_type || _weight.device_index != convolution.weight.device_index)
        {
            using var scope = NewDisposeScope();
            using IDisposable guard = no_grad();
            Release();
            (_weight, _bias) = Fold(a);
            _weight.DetachFromDisposeScope();
            _bias.DetachFromDisposeScope();
            _stamp = stamp;
        }

        return Convolve(input, _weight, _bias);
    }

    /// <summary>Counts the changes of everything that factor and shift come from.</summary>
    private long Version(FixedNorm a) => a.Version + (convolution.bias is { } counted ? Engine.Version(counted) : 0);

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
        // Its gradient needs the input.
        Activation.Hardswish => F.hardswish(value, inplace: !is_grad_enabled()),
        _ => value,
    };

    /// <summary>Factor and shift of the bare product of weights and input: a bias of the convolution goes into the shift.</summary>
    private (Tensor Factor, Tensor Shift) Affine(FixedNorm a)
    {
        (Tensor factor, Tensor bias) = FrozenBatchNorm2d.Affine(a.Scale, a.Shift, a.Mean, a.Variance, a.Eps);
        return (factor, convolution.bias is { } own ? bias.add(own.mul(factor)) : bias);
    }

    private (Tensor Weight, Tensor Bias) Fold(FixedNorm a)
    {
        (Tensor factor, Tensor bias) = Affine(a);
        return (convolution.weight.mul(factor.view(-1, 1, 1, 1)), bias);
    }

    /// <summary>Elements of the output; a pixel more or less at the border does not matter here.</summary>
    private long OutputCount(Tensor input) =>
        input.numel() / input.shape[1] * convolution.weight.shape[0] / (convolution.stride[0] * convolution.stride[^1]);

    private Tensor Convolve(Tensor input, Tensor weight, Tensor? bias) =>
        F.conv2d(input, weight, bias, convolution.stride, convolution.padding, convolution.dilation, convolution.groups);

    /// <summary>A normalisation whose statistics do not depend on the batch. All [C].</summary>
    private readonly record struct FixedNorm(Tensor Scale, Tensor Shift, Tensor Mean, Tensor Variance, double Eps)
    {
        /// <summary>Counts the changes of its tensors.</summary>
        public long Version => Engine.Version(Scale) + Engine.Version(Shift) + Engine.Version(Mean) + Engine.Version(Variance);

        /// <summary>Null where there is none, or one that looks at the batch.</summary>
        public static FixedNorm? Of(Module<Tensor, Tensor>? norm) => norm switch
        {
            FrozenBatchNorm2d f => new FixedNorm(f.get_buffer("weight")!, f.get_buffer("bias")!, f.get_buffer("running_mean")!, f.get_buffer("running_var")!, f.Eps),
            BatchNorm2d b when !b.training || b.weight is { requires_grad: false } => new FixedNorm(b.weight!, b.bias!, b.running_mean!, b.running_var!, b.eps),
            _ => null,
        };
    }
}
