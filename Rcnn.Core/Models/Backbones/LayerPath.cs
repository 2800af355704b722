using static TorchSharp.torch;

namespace Rcnn.Core.Models.Backbones;

/// <summary>Layers one after the other.</summary>
internal static class LayerPath
{
    /// <summary>The map behind all layers. Each map in between goes as soon as the next layer has made its own; the input stays the caller's, and a layer may give back what it got.</summary>
    public static Tensor Run<T>(ReadOnlySpan<T> layers, Tensor input, Func<T, Tensor, Tensor> call)
    {
        Tensor value = input;
        foreach (T layer in layers)
        {
            Tensor next = call(layer, value);
            if (!ReferenceEquals(value, input) && !ReferenceEquals(value, next))
            {
                value.Dispose();
            }

            value = next;
        }

        return value;
    }
}
