using System.Globalization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>
/// Dynamic loss scaling for float16 (Micikevicius et al. 2018, §3.2): the loss is multiplied by a power of two so that small gradients do not become 0. A step whose
/// gradients overflow is left out and the factor halved; after <paramref name="growthInterval"/> steps in a row without overflow it is doubled.
/// </summary>
/// <param name="initial">First factor, at least 1.</param>
/// <param name="growthInterval">Steps without overflow, at least 1.</param>
public sealed class LossScaler(double initial = 65536, int growthInterval = 2000)
{
    /// <summary>No larger factor: the loss itself must stay finite in float32.</summary>
    private const double Largest = 1L << 40;

    /// <summary>The factor of the next step.</summary>
    public double Scale { get; private set; } = initial >= 1 ? initial
        : throw new ArgumentOutOfRangeException(nameof(initial), string.Create(CultureInfo.InvariantCulture, $"1 or more expected, got {initial}"));

    /// <summary>Steps in a row without overflow since the factor last changed.</summary>
    public int GoodSteps { get; private set; }

    private int GrowthInterval { get; } = growthInterval >= 1 ? growthInterval
        : throw new ArgumentOutOfRangeException(nameof(growthInterval), $"1 or more expected, got {growthInterval}");

    /// <summary>Takes the factor out of the gradients, in place.</summary>
    public void Unscale(IEnumerable<Parameter> parameters)
    {
        using IDisposable noGradient = no_grad();
        foreach (Parameter parameter in parameters)
        {
            parameter.grad?.mul_(1 / Scale);
        }
    }

    /// <summary>Learns from a step whether its gradients were finite, and adapts the factor.</summary>
    /// <returns>Whether the step counts. False: leave it out.</returns>
    /// <exception cref="NonFiniteLossException">Overflow at a factor of 1: scaling is not the cause.</exception>
    public bool Update(double gradientNorm)
    {
        if (double.IsFinite(gradientNorm))
        {
            if (++GoodSteps == GrowthInterval)
            {
                (Scale, GoodSteps) = (Math.Min(2 * Scale, Largest), 0);
            }

            return true;
        }

        if (Scale <= 1)
        {
            throw new NonFiniteLossException("gradient norm", gradientNorm);
        }

        (Scale, GoodSteps) = (Math.Max(Scale / 2, 1), 0);
        return false;
    }

    /// <summary>Goes on where another left off.</summary>
    public void Restore(double scale, int goodSteps) => (Scale, GoodSteps) = (scale, goodSteps);
}
