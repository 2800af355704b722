namespace Rcnn.Core.Models.Backbones;

/// <summary>Builds the backbone that a configuration describes, stages frozen as it says.</summary>
public static class BackboneFactory
{
    /// <exception cref="RcnnException">An unknown name or a shape that cannot be built.</exception>
    public static Backbone Create(BackboneConfig config)
    {
        if (config.Checkpoint && config.Norm == "bn")
        {
            throw RcnnException.Usage("backbone.checkpoint: norm frozen or gn expected, got bn, whose statistics would count each batch twice");
        }

        // Freezing and levels are counted in each family's own stages; a single map has stride 16 unless LastBlock says otherwise.
        int levels = config.Fpn ? 1 : 0;
        Backbone trunk = config.Name switch
        {
            "mobilenet_v2" => MobileNetV2.Create(config, 1 + levels, config.Fpn ? null : config.LastBlock ?? 13),
            "mobilenet_v3_large" => MobileNetV3.Create(config, 1 + levels, config.Fpn ? null : config.LastBlock ?? 12),
            "mobilenet_v3_small" => MobileNetV3.Create(config, 1 + levels, config.Fpn ? null : config.LastBlock ?? 8),
            ['m', 'o', 'b', 'i', 'l', 'e', ..] => throw RcnnException.Usage($"backbone.name: mobilenet_v2, mobilenet_v3_large or mobilenet_v3_small expected, got '{config.Name}'"),
            "alexnet" => AlexNet.Create(config, 1 + 2 * levels, config.LastBlock),
            ['v', 'g', 'g', ..] => Vgg.Create(config, 1 + 2 * levels, config.LastBlock),
            ['s', 'q', 'u', 'e', 'e', 'z', 'e', ..] => SqueezeNet.Create(config, 1 + 2 * levels, config.LastBlock),
            _ when config.Fpn => new ResNet(config, 1, 4),
            _ => new ResNet(config, config.LastBlock ?? 3, config.LastBlock ?? 3),
        };
        Backbone backbone = config.Fpn ? new FpnBackbone(trunk, config.FpnChannels, config.Pyramid) : trunk is ResNet ? new BodyBackbone(trunk) : trunk;
        if (config.Checkpoint && trunk is not ResNet)
        {
            throw RcnnException.Usage($"backbone.checkpoint: a ResNet expected, got {config.Name}");
        }

        backbone.FreezeStages(config.FreezeStages);
        return backbone;
    }
}
