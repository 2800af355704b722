namespace Rcnn.Core.Models.Backbones;

/// <summary>Builds the backbone that a configuration describes, stages frozen as it says.</summary>
public static class BackboneFactory
{
    /// <exception cref="RcnnException">An unknown name or a shape that cannot be built.</exception>
    public static Backbone Create(BackboneConfig config)
    {
        bool mobile = config.Name.StartsWith("mobilenet", StringComparison.Ordinal);
        Backbone trunk = config.Name switch
        {
            "mobilenet_v2" => MobileNetV2.Create(config, config.Fpn ? 2 : 1, config.Fpn ? null : config.LastBlock ?? 13),
            "mobilenet_v3_large" => MobileNetV3.Create(config, config.Fpn ? 2 : 1, config.Fpn ? null : config.LastBlock ?? 12),
            _ when mobile => throw RcnnException.Usage($"backbone.name: mobilenet_v2 or mobilenet_v3_large expected, got '{config.Name}'"),
            _ when config.Fpn => new ResNet(config, 1, 4),
            _ => new ResNet(config, config.LastBlock ?? 3, config.LastBlock ?? 3),
        };
        Backbone backbone = config.Fpn ? new FpnBackbone(trunk, config.FpnChannels) : mobile ? trunk : new BodyBackbone(trunk);
        backbone.FreezeStages(config.FreezeStages);
        return backbone;
    }
}
