using MathNet.Numerics.LinearAlgebra;
using Rcnn.Ops;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// Ridge regression of some targets on the rows of X, each of them scaled features and a constant 1 whose weight is held back as the others are. Two systems with the same solution:
/// the primal (XᵀX + λI) W = XᵀT of width + 1 unknowns, and the dual W = Xᵀ A with (XXᵀ + λI) A = T of as many unknowns as samples, from Xᵀ(XXᵀ + λI) = (XᵀX + λI)Xᵀ.
/// Sums have a fixed order: the bits do not depend on the number of threads.
/// </summary>
internal static class RidgeSystem
{
    // Up to this many unknowns the primal takes seconds, and runs of before keep their bits.
    private const int LargestPrimal = 4096;
    private const int Block = 16;

    /// <param name="row">Features by index.</param>
    /// <param name="samples">Indices of the rows; one or more.</param>
    /// <param name="targets">Numbers of each sample.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="scale">Factor on the rows.</param>
    /// <param name="lambda">Above 0.</param>
    /// <param name="cancellation">Looked at in every row of the products; the factorisation itself runs through.</param>
    /// <returns>[width + 1, targets], the constant last</returns>
    public static double[,] Solve(FeatureRow row, IReadOnlyList<int> samples, double[][] targets, int width, double scale, double lambda, CancellationToken cancellation) =>
        TakesDual(samples.Count, width) ? Dual(row, samples, targets, width, scale, lambda, cancellation) : Primal(row, samples, targets, width, scale, lambda, cancellation);

    /// <summary>The dual is for wide rows only, where there are fewer samples than unknowns.</summary>
    internal static bool TakesDual(int samples, int width) => width + 1 > LargestPrimal && samples < width + 1;

    internal static double[,] Primal(FeatureRow row, IReadOnlyList<int> samples, double[][] targets, int width, double scale, double lambda, CancellationToken cancellation)
    {
        int n = width + 1, outputs = targets[0].Length;
        var normal = new double[n][];
        var right = new double[n, outputs];
        double[][] x = [.. samples.Select(s => Row(row(s), scale))];
        Parallel.For(0, n, Options(cancellation), i =>
        {
            var line = new double[n];
            for (int s = 0; s < x.Length; s++)
            {
                double factor = x[s][i];
                double[] other = x[s];
                for (int j = 0; j <= i; j++)
                {
                    line[j] += factor * other[j];
                }

                for (int k = 0; k < outputs; k++)
                {
                    right[i, k] += factor * targets[s][k];
                }
            }

            line[i] += lambda;
            normal[i] = line;
        });
        Matrix<double> system = Matrix<double>.Build.Dense(n, n, (i, j) => j <= i ? normal[i][j] : normal[j][i]);
        cancellation.ThrowIfCancellationRequested();
        return system.Cholesky().Solve(Matrix<double>.Build.DenseOfArray(right)).ToArray();
    }

    internal static double[,] Dual(FeatureRow row, IReadOnlyList<int> samples, double[][] targets, int width, double scale, double lambda, CancellationToken cancellation)
    {
        int count = samples.Count, outputs = targets[0].Length;
        Matrix<double> gram = Matrix<double>.Build.Dense(count, count);

        // Rows stay float32 where they are; a block of them is widened and meets every row while that is in the cache.
        Parallel.For(0, (count + Block - 1) / Block, Options(cancellation), block =>
        {
            int first = block * Block, end = Math.Min(first + Block, count);
            double[][] wide = [.. Enumerable.Range(first, end - first).Select(i => Row(row(samples[i]), scale))];
            for (int j = 0; j < end; j++)
            {
                cancellation.ThrowIfCancellationRequested();
                ReadOnlySpan<float> other = row(samples[j]);
                for (int i = Math.Max(first, j); i < end; i++)
                {
                    double product = (scale * LinearSvm.Dot(other, wide[i - first].AsSpan(0, width))) + 1;
                    gram[i, j] = gram[j, i] = i == j ? product + lambda : product;
                }
            }
        });
        Matrix<double> dual = gram.Cholesky().Solve(Matrix<double>.Build.DenseOfRowArrays(targets));
        var weights = new double[width + 1, outputs];
        for (int s = 0; s < count; s++)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<float> features = row(samples[s]);
            for (int k = 0; k < outputs; k++)
            {
                double factor = dual[s, k];
                for (int i = 0; i < width; i++)
                {
                    weights[i, k] += factor * (scale * features[i]);
                }

                weights[width, k] += factor;
            }
        }

        return weights;
    }

    private static ParallelOptions Options(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = Engine.Threads, CancellationToken = cancellation };

    private static double[] Row(ReadOnlySpan<float> features, double scale)
    {
        var row = new double[features.Length + 1];
        for (int i = 0; i < features.Length; i++)
        {
            row[i] = scale * features[i];
        }

        row[^1] = 1;
        return row;
    }
}
