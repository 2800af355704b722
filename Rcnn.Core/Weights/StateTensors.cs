using static TorchSharp.torch;

namespace Rcnn.Core.Weights;

/// <summary>Saved tensors copied into live ones of the same names, in each one's own memory layout.</summary>
internal static class StateTensors
{
    /// <exception cref="RcnnException">A tensor is missing, unknown or of another shape; names file and tensor.</exception>
    public static void Copy(IReadOnlyDictionary<string, Tensor> saved, IReadOnlyDictionary<string, Tensor> targets, string file)
    {
        using IDisposable off = no_grad();
        if (saved.Keys.FirstOrDefault(name => !targets.ContainsKey(name)) is { } unknown)
        {
            throw new RcnnException($"{file}: the model has no {unknown}");
        }

        foreach ((string name, Tensor target) in targets)
        {
            if (!saved.TryGetValue(name, out Tensor? value))
            {
                throw new RcnnException($"{file}: no tensor {name}");
            }

            if (!value.shape.AsSpan().SequenceEqual(target.shape))
            {
                throw new RcnnException($"{file}: {name} is [{string.Join(",", value.shape)}], the model has [{string.Join(",", target.shape)}]");
            }

            target.copy_(value);
        }
    }
}
