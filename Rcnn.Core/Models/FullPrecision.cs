using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>The border between layers, which may compute in half precision under autocast, and the operators and losses, which take float32.</summary>
internal static class FullPrecision
{
    /// <summary>The tensor itself where it is float32, else a float32 copy with the same gradient.</summary>
    public static Tensor Of(Tensor value) => value.dtype == ScalarType.Float32 ? value : value.to(ScalarType.Float32);
}
