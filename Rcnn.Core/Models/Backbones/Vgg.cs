namespace Rcnn.Core.Models.Backbones;

/// <summary>The 3×3 convolutions of VGG-11, 13 and 16 (Simonyan and Zisserman 2015, Table 1: A, B, D), with or without normalisation; stages of stride 1, 2, 4, 8, 16.</summary>
internal static class Vgg
{
    public static PlainNet Create(BackboneConfig config, int levels, int? lastLayer)
    {
        bool normalised = config.Name.EndsWith("_bn", StringComparison.Ordinal);
        int[] repeats = (normalised ? config.Name[..^3] : config.Name) switch
        {
            "vgg11" => [1, 1, 2, 2, 2],
            "vgg13" => [2, 2, 2, 2, 2],
            "vgg16" => [2, 2, 3, 3, 3],
            _ => throw RcnnException.Usage($"model.backbone.name: vgg11, vgg13 or vgg16, with _bn or without, expected, got '{config.Name}'"),
        };
        List<PlainLayer> layers = [];
        for (int stage = 0; stage < repeats.Length; stage++)
        {
            int width = Math.Min(64 << stage, 512);
            layers.AddRange(Enumerable.Repeat(new PlainConvolution(width, 3, 1, 1, normalised), repeats[stage]));
            layers.Add(new PlainPool(2));
        }

        return new PlainNet(config.Name, config, layers, levels, lastLayer);
    }
}
