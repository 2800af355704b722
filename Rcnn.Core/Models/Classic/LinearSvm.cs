using System.Runtime.Intrinsics;
using Rcnn.Ops;

namespace Rcnn.Core.Models.Classic;

/// <summary>A row of features.</summary>
internal delegate ReadOnlySpan<float> FeatureRow(int index);

/// <summary>A linear machine: margin(x) = scale·w·x + offset.</summary>
internal sealed record LinearMachine(double[] Weights, double Offset, double Scale)
{
    public double Margin(ReadOnlySpan<float> row) => (Scale * LinearSvm.Dot(row, Weights)) + Offset;
}

/// <summary>
/// The L2-regularised support vector machine with hinge loss, min ½‖w‖² + Σ cᵢ max(0, 1 − yᵢ w·xᵢ), by dual coordinate descent (Hsieh et al. 2008, algorithm 1). x is a scaled row and one constant
/// feature behind it. Sums are in double and in a fixed order: the same rows and stream give the same bits.
/// </summary>
internal static class LinearSvm
{
    /// <param name="row">Features by index.</param>
    /// <param name="samples">Indices of the rows.</param>
    /// <param name="positive">Whether each is an object.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="scale">Factor on the rows.</param>
    /// <param name="config">C, weight of positives, constant feature, when to stop.</param>
    /// <param name="random">Order of the coordinates.</param>
    /// <returns>The machine, and the dual variables of the samples</returns>
    public static (LinearMachine Machine, double[] Dual) Train(
        FeatureRow row, IReadOnlyList<int> samples, IReadOnlyList<bool> positive, int width, double scale, SvmConfig config, RandomStream random)
    {
        int count = samples.Count;
        double[] w = new double[width], dual = new double[count], curvature = new double[count];
        double constant = 0, bias = config.BiasFeature;
        for (int i = 0; i < count; i++)
        {
            curvature[i] = (scale * scale * SquaredNorm(row(samples[i]))) + (bias * bias);
        }

        int[] order = [.. Enumerable.Range(0, count)];
        for (int pass = 0; pass < config.MaxPasses; pass++)
        {
            random.Shuffle<int>(order);
            double worst = 0;
            foreach (int i in order)
            {
                ReadOnlySpan<float> x = row(samples[i]);
                double y = positive[i] ? 1 : -1, limit = config.C * (positive[i] ? config.PositiveWeight : 1);
                double gradient = (y * ((scale * Dot(x, w)) + (constant * bias))) - 1;
                double projected = dual[i] <= 0 ? Math.Min(gradient, 0) : dual[i] >= limit ? Math.Max(gradient, 0) : gradient;
                worst = Math.Max(worst, Math.Abs(projected));
                if (projected == 0 || curvature[i] == 0)
                {
                    continue;
                }

                double before = dual[i];
                dual[i] = Math.Clamp(before - (gradient / curvature[i]), 0, limit);
                double change = (dual[i] - before) * y;
                AddScaled(w, x, change * scale);
                constant += change * bias;
            }

            if (worst <= config.Tolerance)
            {
                break;
            }
        }

        return (new LinearMachine(w, constant * bias, scale), dual);
    }

    /// <summary>Σ xᵢ wᵢ in four sums of four lanes, whatever the machine.</summary>
    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<double> w)
    {
        Vector256<double> a = default, b = default;
        int i = 0;
        for (; i <= x.Length - 8; i += 8)
        {
            Vector256<float> values = Vector256.Create(x.Slice(i, 8));
            a += Vector256.WidenLower(values) * Vector256.Create(w.Slice(i, 4));
            b += Vector256.WidenUpper(values) * Vector256.Create(w.Slice(i + 4, 4));
        }

        a += b;
        double sum = a[0] + a[1] + (a[2] + a[3]);
        for (; i < x.Length; i++)
        {
            sum += x[i] * w[i];
        }

        return sum;
    }

    public static double SquaredNorm(ReadOnlySpan<float> x)
    {
        double sum = 0;
        foreach (float v in x)
        {
            sum += (double)v * v;
        }

        return sum;
    }

    private static void AddScaled(Span<double> w, ReadOnlySpan<float> x, double factor)
    {
        for (int i = 0; i < w.Length; i++)
        {
            w[i] += factor * x[i];
        }
    }
}
