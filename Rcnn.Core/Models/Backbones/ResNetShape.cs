namespace Rcnn.Core.Models.Backbones;

/// <summary>What tells one ResNet from another: the block, how many of them in each stage, and how its 3×3 convolutions are split.</summary>
/// <param name="Bottleneck">1×1, 3×3, 1×1 with four times the channels out; otherwise two 3×3.</param>
/// <param name="Layers">Blocks in each of four stages.</param>
/// <param name="Groups">Of a bottleneck's 3×3 convolution.</param>
/// <param name="WidthPerGroup">Channels of a group in the first stage, for a stem of 64.</param>
internal sealed record ResNetShape(bool Bottleneck, int[] Layers, int Groups = 1, int WidthPerGroup = 64)
{
    private int Expansion => Bottleneck ? 4 : 1;

    /// <exception cref="RcnnException">An unknown name or block, or groups that cannot be.</exception>
    public static ResNetShape Of(BackboneConfig config)
    {
        ResNetShape? named = config.Name switch
        {
            "resnet18" => new(false, [2, 2, 2, 2]),
            "resnet34" => new(false, [3, 4, 6, 3]),
            "resnet50" => new(true, [3, 4, 6, 3]),
            "resnet101" => new(true, [3, 4, 23, 3]),
            "resnet152" => new(true, [3, 8, 36, 3]),
            "resnext50_32x4d" => new(true, [3, 4, 6, 3], 32, 4),
            "resnext101_32x8d" => new(true, [3, 4, 23, 3], 32, 8),
            _ => null,
        };
        if (named is null && (config.Block is null || config.Layers is null))
        {
            throw RcnnException.Usage($"model.backbone.name: '{config.Name}' has no known shape; give backbone.block and backbone.layers");
        }

        bool bottleneck = config.Block switch
        {
            "basic" => false,
            "bottleneck" => true,
            null => named!.Bottleneck,
            _ => throw RcnnException.Usage($"model.backbone.block: basic or bottleneck expected, got '{config.Block}'"),
        };
        var shape = new ResNetShape(bottleneck, config.Layers ?? named!.Layers, named?.Groups ?? 1, named?.WidthPerGroup ?? 64);
        return bottleneck || shape.Groups == 1 ? shape : throw RcnnException.Usage($"model.backbone.block: bottleneck expected for {config.Name}, got 'basic'");
    }

    /// <summary>Channels that stage 0 to 3 gives.</summary>
    public int Output(BackboneConfig config, int stage) => (config.BaseWidth << stage) * Expansion;

    /// <summary>The blocks of stage 0 to 3, the first with stride 2 except in stage 0.</summary>
    public IEnumerable<ResidualBlock> Stage(BackboneConfig config, int stage)
    {
        long width = config.BaseWidth << stage;
        long inner = Bottleneck ? width * WidthPerGroup / 64 * Groups : width;
        for (int i = 0; i < Layers[stage]; i++)
        {
            long input = i > 0 ? Output(config, stage) : stage > 0 ? Output(config, stage - 1) : config.BaseWidth;
            yield return new ResidualBlock(config, Bottleneck, input, inner, width * Expansion, i == 0 && stage > 0 ? 2 : 1, Groups);
        }
    }
}
