using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>Checks at the public entry points, one wording for all operators. Kernels behind them check nothing.</summary>
internal static class OperatorInput
{
    /// <summary>[N,4] float32.</summary>
    public static void Boxes(Tensor boxes, string name)
    {
        Float32(boxes, name);
        if (boxes.dim() != 2 || boxes.shape[1] != 4)
        {
            throw new ArgumentException($"{name} [N,4] expected, got {Shape(boxes)}", name);
        }
    }

    /// <summary>Two dimensions, float32.</summary>
    public static void Matrix(Tensor matrix, string name, string expected)
    {
        Float32(matrix, name);
        if (matrix.dim() != 2)
        {
            throw new ArgumentException($"{name} {expected} expected, got {Shape(matrix)}", name);
        }
    }

    /// <summary>[<paramref name="count"/>] of the given type.</summary>
    public static void Vector(Tensor vector, string name, long count, ScalarType type)
    {
        OfType(vector, name, type);
        if (vector.dim() != 1 || vector.shape[0] != count)
        {
            throw new ArgumentException($"{name} [{count}] expected, got {Shape(vector)}", name);
        }
    }

    /// <summary>[B,C,H,W] float32.</summary>
    public static void Features(Tensor features, string name)
    {
        Float32(features, name);
        if (features.dim() != 4)
        {
            throw new ArgumentException($"{name} [B,C,H,W] expected, got {Shape(features)}", name);
        }
    }

    /// <summary>Copies [K,5] after checking that the first column holds image indices 0 … <paramref name="batch"/> − 1.</summary>
    public static unsafe float[] Rois(Tensor rois, string name, long batch)
    {
        using Tensor contiguous = rois.contiguous();
        var copy = new Span<float>((void*)Engine.Pointer(contiguous), checked((int)contiguous.numel())).ToArray();
        for (int k = 0; k < copy.Length; k += 5)
        {
            if (!(copy[k] >= 0 && copy[k] < batch && copy[k] == MathF.Floor(copy[k])))
            {
                throw new ArgumentException(FormattableString.Invariant($"{name}[{k / 5},0] is an image index 0…{batch - 1}, got {copy[k]}"), name);
            }
        }

        return copy;
    }

    public static void RoiShape(Tensor rois, string name)
    {
        Float32(rois, name);
        if (rois.dim() != 2 || rois.shape[1] != 5)
        {
            throw new ArgumentException($"{name} [K,5] expected, got {Shape(rois)}", name);
        }
    }

    public static void Float32(Tensor t, string name) => OfType(t, name, ScalarType.Float32);

    public static void OfType(Tensor t, string name, ScalarType type)
    {
        ArgumentNullException.ThrowIfNull(t, name);
        if (t.dtype != type)
        {
            throw new ArgumentException($"{name} of {type} expected, got {t.dtype}", name);
        }

        if (t.device_type != DeviceType.CPU)
        {
            throw new NotSupportedException($"{name} on the CPU expected, got a tensor on {t.device}: cpu() brings it there");
        }
    }

    public static void Positive(int value, string name)
    {
        if (value <= 0)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} ≥ 1 expected, got {value}");
        }
    }

    public static string Shape(Tensor t) => "[" + string.Join(",", t.shape) + "]";
}
