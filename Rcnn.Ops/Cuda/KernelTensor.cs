using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops.Cuda;

/// <summary>Checks and memory of the operators' kernel paths. Tensors of one call lie on one device.</summary>
internal static class KernelTensor
{
    /// <summary>[n,c,h,w], contents undefined.</summary>
    public static Tensor Empty(long n, long c, long h, long w, bool channelsLast, Tensor like) => channelsLast
        ? empty_strided([n, c, h, w], [h * w * c, 1, w * c, c], like.dtype, like.device)
        : empty([n, c, h, w], like.dtype, like.device);

    /// <summary>"f32", "f16" or "bf16", and "vector" where channels can be read 16 bytes at a time.</summary>
    public static (string Suffix, int Width) Variant(ScalarType type, long channels, params ReadOnlySpan<Tensor> tensors)
    {
        int width = type == ScalarType.Float32 ? 4 : 8;
        string name = type switch { ScalarType.Float32 => "f32", ScalarType.Float16 => "f16", _ => "bf16" };
        bool aligned = channels % width == 0;
        foreach (Tensor t in tensors)
        {
            aligned &= Engine.DevicePointer(t) % 16 == 0;
        }

        return aligned ? (name + "_vector", width) : (name + "_scalar", 1);
    }

    /// <summary>[B,C,H,W] of float32, float16 or bfloat16.</summary>
    public static void Features(Tensor features, string name)
    {
        if (features.dtype is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16))
        {
            throw new ArgumentException($"{name} of Float32, Float16 or BFloat16 expected, got {features.dtype}", name);
        }

        if (features.dim() != 4)
        {
            throw new ArgumentException($"{name} [B,C,H,W] expected, got {OperatorInput.Shape(features)}", name);
        }
    }

    /// <summary>float32 on the device of <paramref name="beside"/>; −1 stands for any size.</summary>
    public static void Float32(Tensor t, string name, Tensor beside, params ReadOnlySpan<long> shape) => OfType(t, name, ScalarType.Float32, beside, shape);

    public static void OfType(Tensor t, string name, ScalarType type, Tensor beside, params ReadOnlySpan<long> shape)
    {
        ArgumentNullException.ThrowIfNull(t, name);
        if (t.dtype != type)
        {
            throw new ArgumentException($"{name} of {type} expected, got {t.dtype}", name);
        }

        bool fits = t.dim() == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
        {
            fits = shape[i] < 0 || shape[i] == t.shape[i];
        }

        if (!fits)
        {
            throw new ArgumentException($"{name} [{string.Join(",", shape.ToArray().Select(s => s < 0 ? "N" : s.ToString(System.Globalization.CultureInfo.InvariantCulture)))}] expected, got {OperatorInput.Shape(t)}", name);
        }

        if (t.device_type != beside.device_type || t.device_index != beside.device_index)
        {
            throw new ArgumentException($"{name} on {beside.device} expected, got a tensor on {t.device}", name);
        }
    }
}
