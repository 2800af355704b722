namespace Rcnn.Core.Models.Backbones;

/// <summary>Builds the backbone that a configuration describes, stages frozen as it says.</summary>
public static class BackboneFactory
{
    /// <summary>Whether a network has layers that normalise: all but AlexNet, VGG without _bn and SqueezeNet.</summary>
    internal static bool IsNormalised(string name) =>
        name.EndsWith("_bn", StringComparison.Ordinal) || !(name.StartsWith("alexnet", StringComparison.Ordinal) || name.StartsWith("vgg", StringComparison.Ordinal) || name.StartsWith("squeezenet", StringComparison.Ordinal));

    /// <exception cref="RcnnException">An unknown name or a shape that cannot be built.</exception>
    public static Backbone Create(BackboneConfig config)
    {
        if (config.Checkpoint && config.Norm == "bn")
        {
            throw RcnnException.Usage("model.backbone.checkpoint: norm frozen or gn expected, got bn, whose statistics would count each batch twice");
        }

        if (config.Pyramid.Stages is < 1 or > 5)
        {
            throw RcnnException.Usage($"model.backbone.pyramid.stages: 1 to 5 expected, got {config.Pyramid.Stages}");
        }

        if (config.Pyramid.Tap is not ("first" or "last"))
        {
            throw RcnnException.Usage($"model.backbone.pyramid.tap: first or last expected, got '{config.Pyramid.Tap}'");
        }

        // Freezing and levels are counted in each family's own stages; a single map has stride 16 unless LastBlock says otherwise.
        int Levels(int usual) => config.Fpn ? config.Pyramid.Stages ?? usual : 1;
        Backbone trunk = config.Name switch
        {
            "mobilenet_v2" => MobileNetV2.Create(config, Levels(2), config.Fpn ? config.LastBlock : config.LastBlock ?? 13),
            "mobilenet_v3_large" => MobileNetV3.Create(config, Levels(2), config.Fpn ? config.LastBlock : config.LastBlock ?? 12),
            "mobilenet_v3_small" => MobileNetV3.Create(config, Levels(2), config.Fpn ? config.LastBlock : config.LastBlock ?? 8),
            ['m', 'o', 'b', 'i', 'l', 'e', ..] => throw RcnnException.Usage($"model.backbone.name: mobilenet_v2, mobilenet_v3_large or mobilenet_v3_small expected, got '{config.Name}'"),
            "alexnet" => AlexNet.Create(config, Levels(3), config.LastBlock),
            ['v', 'g', 'g', ..] => Vgg.Create(config, Levels(3), config.LastBlock),
            ['s', 'q', 'u', 'e', 'e', 'z', 'e', ..] => SqueezeNet.Create(config, Levels(3), config.LastBlock),
            _ when config.Fpn => new ResNet(config, 5 - Levels(4), 4),
            _ => new ResNet(config, config.LastBlock ?? 3, config.LastBlock ?? 3),
        };
        Backbone backbone = config.Fpn ? new FpnBackbone(trunk, config.FpnChannels, config.Pyramid) : trunk is ResNet ? new BodyBackbone(trunk) : trunk;
        if (config.Checkpoint && trunk is not ResNet)
        {
            throw RcnnException.Usage($"model.backbone.checkpoint: a ResNet expected, got {config.Name}");
        }

        backbone.FreezeStages(config.FreezeStages);
        return backbone;
    }
}
