using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>The normalisation after a convolution, by the name in <see cref="BackboneConfig.Norm"/>.</summary>
public static class NormLayer
{
    public const int Groups = 32;

    /// <summary>The name for no normalisation, where a layer may go without.</summary>
    public const string None = "none";

    /// <exception cref="RcnnException">An unknown name, or channels that 32 groups do not divide.</exception>
    public static Module<Tensor, Tensor> Create(BackboneConfig config, long channels, double batchMomentum = 0.1) => config.Norm switch
    {
        "frozen" => new FrozenBatchNorm2d(channels, config.NormEps),
        "bn" => BatchNorm2d(channels, eps: config.NormEps, momentum: batchMomentum),
        "gn" when channels % Groups == 0 => GroupNorm(Groups, channels, eps: config.NormEps),
        "gn" => throw RcnnException.Usage($"model.backbone.norm: gn needs channels in multiples of {Groups}, got {channels}"),
        _ => throw RcnnException.Usage($"model.backbone.norm: frozen, bn or gn expected, got '{config.Norm}'"),
    };
}
