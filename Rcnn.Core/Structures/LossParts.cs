using static TorchSharp.torch;

namespace Rcnn.Core;

/// <summary>The named parts of a training loss, in the order in which they are reported. Each is a scalar float32 tensor with gradient, weight applied.</summary>
public sealed class LossParts
{
    private readonly List<(string Name, Tensor Value)> _parts = [];

    public IReadOnlyList<(string Name, Tensor Value)> Parts => _parts;

    public void Add(string name, Tensor value) => _parts.Add((name, value));

    /// <summary>Keeps the parts when the innermost dispose scope ends.</summary>
    public LossParts MoveToOuterScope()
    {
        foreach ((_, Tensor value) in _parts)
        {
            value.MoveToOuterDisposeScope();
        }

        return this;
    }

    /// <summary>The sum of the parts, a scalar to call backward on.</summary>
    public Tensor Total()
    {
        if (_parts.Count == 0)
        {
            throw new InvalidOperationException("a loss without parts");
        }

        Tensor total = _parts[0].Value;
        for (int i = 1; i < _parts.Count; i++)
        {
            total = total.add(_parts[i].Value);
        }

        return total;
    }
}
