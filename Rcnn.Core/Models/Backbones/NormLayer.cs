using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>The normalisation after a convolution, by the name in <see cref="BackboneConfig.Norm"/>.</summary>
public static class NormLayer
{
    /// <summary>The name for no normalisation, where a layer may go without.</summary>
    public const string None = "none";

    /// <exception cref="RcnnException">An unknown name.</exception>
    public static Module<Tensor, Tensor> Create(BackboneConfig config, long channels, double batchMomentum = 0.1) => config.Norm switch
    {
        "frozen" => new FrozenBatchNorm2d(channels, config.NormEps),
        "bn" => BatchNorm2d(channels, eps: config.NormEps, momentum: config.NormMomentum ?? batchMomentum),
        "gn" => GroupNorm(Groups(channels, config.NormGroups), channels, eps: config.NormEps),
        _ => throw RcnnException.Usage($"model.backbone.norm: frozen, bn or gn expected, got '{config.Norm}'"),
    };

    /// <summary>The largest divisor of <paramref name="channels"/> up to <paramref name="most"/>: 32 of a ResNet's channels, 24 of a MobileNet's 24 or 144 channels.</summary>
    public static int Groups(long channels, int most)
    {
        int groups = (int)Math.Min(most, channels);
        while (channels % groups != 0)
        {
            groups--;
        }

        return groups;
    }
}
