using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>What an optimizer remembers (momentum, running means, update counts) as named tensors, to be saved and restored.</summary>
public static class OptimizerMemory
{
    /// <summary>The live tensors under <c>part/parameter</c>; those that do not exist yet are absent. Update counts are int64 scalars, owned by the current scope.</summary>
    public static IReadOnlyDictionary<string, Tensor> Capture(ParameterGroups groups)
    {
        var result = new Dictionary<string, Tensor>();
        List<OptimizerState> states = groups.Optimizer.state_dict().State;
        for (int i = 0; i < states.Count; i++)
        {
            string name = groups.Parameters[i].Name;
            switch (states[i])
            {
                case SGD.State { momentum_buffer: { } buffer }:
                    result["momentum_buffer/" + name] = buffer;
                    break;
                case AdamW.State adam:
                    result["step/" + name] = tensor(adam.step, dtype: ScalarType.Int64);
                    result["exp_avg/" + name] = adam.exp_avg;
                    result["exp_avg_sq/" + name] = adam.exp_avg_sq;
                    break;
            }
        }

        return result;
    }

    /// <summary>Copies saved values back, in each parameter's own memory layout.</summary>
    /// <param name="groups">The optimizer, freshly built.</param>
    /// <param name="saved">What <see cref="Capture"/> gave.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <exception cref="RcnnException">A tensor of another shape, or one that AdamW needs is missing; names file and tensor.</exception>
    public static void Restore(ParameterGroups groups, IReadOnlyDictionary<string, Tensor> saved, string source)
    {
        using IDisposable off = no_grad();
        List<OptimizerState> states = groups.Optimizer.state_dict().State;
        for (int i = 0; i < states.Count; i++)
        {
            (string name, Parameter parameter) = groups.Parameters[i];
            switch (states[i])
            {
                case SGD.State sgd:
                    sgd.momentum_buffer?.Dispose();
                    sgd.momentum_buffer = saved.ContainsKey("momentum_buffer/" + name)
                        ? parameter.zeros_like().copy_(Find(saved, "momentum_buffer/" + name, parameter.shape, source)).DetachFromDisposeScope()
                        : null;
                    break;
                case AdamW.State adam:
                    adam.step = Find(saved, "step/" + name, [], source).ToInt64();
                    adam.exp_avg.copy_(Find(saved, "exp_avg/" + name, parameter.shape, source));
                    adam.exp_avg_sq.copy_(Find(saved, "exp_avg_sq/" + name, parameter.shape, source));
                    break;
            }
        }
    }

    private static Tensor Find(IReadOnlyDictionary<string, Tensor> saved, string key, long[] shape, string source)
    {
        if (!saved.TryGetValue(key, out Tensor? value))
        {
            throw new RcnnException($"{source}: no tensor {key}");
        }

        return value.shape.AsSpan().SequenceEqual(shape)
            ? value
            : throw new RcnnException($"{source}: {key} is [{string.Join(",", value.shape)}], expected [{string.Join(",", shape)}]");
    }
}
