using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// Batch normalisation whose statistics and affine parameters are constants: y = (x − mean) / √(var + eps) · weight + bias per channel.
/// All four are buffers, so no optimizer sees them. Input and output [B,C,H,W] float32. torchvision.ops.FrozenBatchNorm2d.
/// </summary>
public sealed class FrozenBatchNorm2d : Module<Tensor, Tensor>
{
    public FrozenBatchNorm2d(long channels, double eps = 1e-5)
        : base(nameof(FrozenBatchNorm2d))
    {
        Eps = eps;
        register_buffer("weight", ones([channels]));
        register_buffer("bias", zeros([channels]));
        register_buffer("running_mean", zeros([channels]));
        register_buffer("running_var", ones([channels]));
    }

    public double Eps { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        (Tensor factor, Tensor shift) = Affine(get_buffer("weight")!, get_buffer("bias")!, get_buffer("running_mean")!, get_buffer("running_var")!, Eps);
        return input.mul(factor.view(1, -1, 1, 1)).add(shift.view(1, -1, 1, 1)).MoveToOuterDisposeScope();
    }

    /// <summary>The map y = factor·x + shift that a normalisation with fixed statistics is, each [C].</summary>
    internal static (Tensor Factor, Tensor Shift) Affine(Tensor weight, Tensor bias, Tensor mean, Tensor variance, double eps)
    {
        Tensor factor = weight.mul(variance.add(eps).rsqrt());
        return (factor, bias.sub(mean.mul(factor)));
    }
}
