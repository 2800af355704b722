using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Criteria;

/// <summary>
/// Learns the weights of the loss parts (Kendall et al. 2018, eq. 7 and 10): with s = ln σ², a classification counts e^(−s)·L + ½s and a regression ½e^(−s)·L + ½s, so that a
/// part that cannot be made small is given less weight. s starts at 0 and is saved with the model's weights. The sum may be negative. Weights λ of the configuration apply before.
/// </summary>
public sealed class UncertaintyWeights : Module
{
    private readonly string[] _names;
    private readonly Parameter log_variance;

    /// <param name="names">The loss parts; those that end in box_reg are regressions.</param>
    public UncertaintyWeights(IReadOnlyList<string> names)
        : base(nameof(UncertaintyWeights))
    {
        _names = [.. names];
        log_variance = Parameter(zeros(_names.Length));
        RegisterComponents();
    }

    /// <summary>The parts weighted, under their names; some of those of the constructor.</summary>
    /// <exception cref="ArgumentException">A part that the constructor did not name.</exception>
    public LossParts Apply(LossParts losses)
    {
        using var scope = NewDisposeScope();
        var weighted = new LossParts();
        foreach ((string name, Tensor value) in losses.Parts)
        {
            int at = Array.IndexOf(_names, name);
            if (at < 0)
            {
                throw new ArgumentException($"one of the loss parts {string.Join(", ", _names)} expected, got {name}", nameof(losses));
            }

            Tensor s = log_variance.select(0, at), precision = s.neg().exp();
            precision = name.EndsWith("box_reg", StringComparison.Ordinal) ? precision.mul(0.5) : precision;
            weighted.Add(name, value.mul(precision).add(s.mul(0.5)).MoveToOuterDisposeScope());
        }

        return weighted;
    }
}
