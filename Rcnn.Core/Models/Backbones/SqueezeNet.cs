namespace Rcnn.Core.Models.Backbones;

/// <summary>SqueezeNet 1.0 (Iandola et al. 2016, Table 1) and the cheaper 1.1 of its authors; stages of stride 2, 4, 8, 16.</summary>
internal static class SqueezeNet
{
    private static readonly PlainLayer[] _first =
    [
        new PlainConvolution(96, 7, 2, 0), new PlainPool(3, true),
        new PlainFire(16, 64), new PlainFire(16, 64), new PlainFire(32, 128), new PlainPool(3, true),
        new PlainFire(32, 128), new PlainFire(48, 192), new PlainFire(48, 192), new PlainFire(64, 256), new PlainPool(3, true),
        new PlainFire(64, 256),
    ];

    private static readonly PlainLayer[] _second =
    [
        new PlainConvolution(64, 3, 2, 0), new PlainPool(3, true),
        new PlainFire(16, 64), new PlainFire(16, 64), new PlainPool(3, true),
        new PlainFire(32, 128), new PlainFire(32, 128), new PlainPool(3, true),
        new PlainFire(48, 192), new PlainFire(48, 192), new PlainFire(64, 256), new PlainFire(64, 256),
    ];

    public static PlainNet Create(BackboneConfig config, int levels, int? lastLayer) => config.Name switch
    {
        "squeezenet1_0" => new("squeezenet1_0", config, _first, levels, lastLayer),
        "squeezenet1_1" => new("squeezenet1_1", config, _second, levels, lastLayer),
        _ => throw RcnnException.Usage($"model.backbone.name: squeezenet1_0 or squeezenet1_1 expected, got '{config.Name}'"),
    };
}
