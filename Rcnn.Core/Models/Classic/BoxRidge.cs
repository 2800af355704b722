using MathNet.Numerics.LinearAlgebra;
using Rcnn.Core.Data;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// Box regression of one class (Girshick et al. 2014, appendix C): the four targets, whitened, are linear in the features of the proposal and a constant 1, fitted by ridge regression,
/// (XᵀX + λI) W = XᵀT.
/// </summary>
/// <param name="Weights">[width + 1, 4], the constant last.</param>
/// <param name="Unwhiten">[4,4]: a whitened target times this, plus <paramref name="Mean"/>, is a target.</param>
/// <param name="Mean">Mean target.</param>
internal sealed record BoxRidge(double[,] Weights, double[,] Unwhiten, double[] Mean)
{
    /// <summary>((x − x_p)/w_p, (y − y_p)/h_p, ln(w/w_p), ln(h/h_p)) with centres x, y.</summary>
    public static double[] Target(in Box proposal, in Box truth) =>
    [
        (truth.X1 + truth.X2 - proposal.X1 - proposal.X2) / 2 / proposal.Width,
        (truth.Y1 + truth.Y2 - proposal.Y1 - proposal.Y2) / 2 / proposal.Height,
        Math.Log(truth.Width / proposal.Width),
        Math.Log(truth.Height / proposal.Height),
    ];

    /// <summary>The box that a proposal becomes by a target.</summary>
    public static Box Apply(in Box proposal, ReadOnlySpan<double> target)
    {
        double x = (proposal.X1 + proposal.X2) / 2 + (target[0] * proposal.Width), y = (proposal.Y1 + proposal.Y2) / 2 + (target[1] * proposal.Height);
        double w = proposal.Width * Math.Exp(target[2]) / 2, h = proposal.Height * Math.Exp(target[3]) / 2;
        return new Box(x - w, y - h, x + w, y + h);
    }

    /// <param name="row">Features by index.</param>
    /// <param name="samples">Indices of the proposals.</param>
    /// <param name="targets">Their targets.</param>
    /// <param name="width">Numbers of a row.</param>
    /// <param name="scale">Factor on the rows.</param>
    /// <param name="config">Strength of the ridge and the floor of the whitening.</param>
    /// <param name="cancellation">Looked at in every row of the system.</param>
    /// <returns>The regression; no sample gives one that leaves boxes as they are</returns>
    public static BoxRidge Fit(FeatureRow row, IReadOnlyList<int> samples, IReadOnlyList<double[]> targets, int width, double scale, BoxRidgeConfig config, CancellationToken cancellation = default)
    {
        double[] mean = [.. Enumerable.Range(0, 4).Select(k => samples.Count == 0 ? 0 : targets.Average(t => t[k]))];
        (Matrix<double> whiten, Matrix<double> unwhiten) = Whitening(targets, mean, config.WhiteningFloor);
        if (samples.Count == 0)
        {
            return new BoxRidge(new double[width + 1, 4], unwhiten.ToArray(), mean);
        }

        double[][] white = [.. targets.Select(target => (whiten.LeftMultiply(Vector<double>.Build.Dense(4, k => target[k] - mean[k]))).ToArray())];
        return new BoxRidge(RidgeSystem.Solve(row, samples, white, width, scale, config.Lambda, cancellation), unwhiten.ToArray(), mean);
    }

    /// <summary>The target that the features of a proposal predict.</summary>
    public double[] Predict(ReadOnlySpan<float> row, double scale)
    {
        var white = new double[4];
        for (int k = 0; k < 4; k++)
        {
            for (int i = 0; i < row.Length; i++)
            {
                white[k] += scale * row[i] * Weights[i, k];
            }

            white[k] += Weights[row.Length, k];
        }

        return [.. Enumerable.Range(0, 4).Select(k => Mean[k] + Enumerable.Range(0, 4).Sum(j => white[j] * Unwhiten[j, k]))];
    }

    // Symmetric square roots of the covariance and its inverse.
    private static (Matrix<double> Whiten, Matrix<double> Unwhiten) Whitening(IReadOnlyList<double[]> targets, double[] mean, double floor)
    {
        Matrix<double> covariance = Matrix<double>.Build.Dense(4, 4, (i, j) => targets.Count == 0 ? 0 : targets.Average(t => (t[i] - mean[i]) * (t[j] - mean[j])));
        var eigen = covariance.Evd(Symmetricity.Symmetric);
        Matrix<double> v = eigen.EigenVectors;
        Vector<double> roots = eigen.EigenValues.Map(e => Math.Sqrt(Math.Max(0, e.Real) + floor));
        return (v * Matrix<double>.Build.DiagonalOfDiagonalVector(1 / roots) * v.Transpose(), v * Matrix<double>.Build.DiagonalOfDiagonalVector(roots) * v.Transpose());
    }
}
