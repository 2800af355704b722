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
        Tensor scale = get_buffer("weight")!.mul(get_buffer("running_var")!.add(Eps).rsqrt());
        Tensor shift = get_buffer("bias")!.sub(get_buffer("running_mean")!.mul(scale));
        return input.mul(scale.view(1, -1, 1, 1)).add(shift.view(1, -1, 1, 1)).MoveToOuterDisposeScope();
    }
}
