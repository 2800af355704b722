using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>One number for each output of a convolution: its bias, or the factor of a folded normalisation.</summary>
internal static class ChannelVector
{
    /// <param name="values">[count] float32, or null for <paramref name="missing"/> everywhere.</param>
    /// <exception cref="ArgumentException">Another type or count.</exception>
    public static float[] Read(Tensor? values, string name, int count, float missing)
    {
        if (values is null)
        {
            var constant = new float[count];
            Array.Fill(constant, missing);
            return constant;
        }

        if (values.dtype != ScalarType.Float32 || values.numel() != count)
        {
            throw new ArgumentException($"{name} float32 [{count}] expected, got {values.dtype} [{string.Join(",", values.shape)}]", name);
        }

        using Tensor packed = values.detach().contiguous();
        return packed.data<float>().ToArray();
    }
}
