namespace Rcnn.Core.Models.Backbones;

/// <summary>AlexNet's five convolutions in the variant of one GPU (Krizhevsky 2014), as in torchvision; stages of stride 4, 8, 16.</summary>
internal static class AlexNet
{
    private static readonly PlainLayer[] _layers =
    [
        new PlainConvolution(64, 11, 4, 2), new PlainPool(3),
        new PlainConvolution(192, 5, 1, 2), new PlainPool(3),
        new PlainConvolution(384, 3, 1, 1), new PlainConvolution(256, 3, 1, 1), new PlainConvolution(256, 3, 1, 1), new PlainPool(3),
    ];

    public static PlainNet Create(BackboneConfig config, int levels, int? lastLayer) => new("alexnet", config, _layers, levels, lastLayer);
}
