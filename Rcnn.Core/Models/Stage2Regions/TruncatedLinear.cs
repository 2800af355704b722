using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>
/// A fully connected layer as two thinner ones by truncated singular value decomposition: W ≈ U_t (Σ_t V_tᵀ), first [t,in] without bias, then [out,t] with the layer's.
/// t·(in + out) multiplications a row instead of in·out. Girshick 2015, §3.1. For detection: no gradient, and later changes of the layer do not show.
/// </summary>
public sealed class TruncatedLinear : IDisposable
{
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor? _bias;

    /// <param name="full">The layer; stays as it is.</param>
    /// <param name="rank">t, 1 to min(in, out).</param>
    /// <exception cref="ArgumentOutOfRangeException">Another rank.</exception>
    public TruncatedLinear(TorchSharp.Modules.Linear full, int rank)
    {
        long most = Math.Min(full.in_features, full.out_features);
        if (rank < 1 || rank > most)
        {
            throw new ArgumentOutOfRangeException(nameof(rank), $"1 to {most} expected, got {rank}");
        }

        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        (Tensor u, Tensor s, Tensor vh) = linalg.svd(full.weight, fullMatrices: false);
        _first = vh.narrow(0, 0, rank).mul(s.narrow(0, 0, rank).unsqueeze(1)).DetachFromDisposeScope();
        _second = u.narrow(1, 0, rank).contiguous().DetachFromDisposeScope();
        _bias = full.bias?.detach().clone().DetachFromDisposeScope();
        double[] squares = [.. s.cpu().data<float>().Select(v => (double)v * v)];
        double all = squares.Sum();
        (Rank, RelativeError) = (rank, all > 0 ? Math.Sqrt(squares.Skip(rank).Sum() / all) : 0);
    }

    /// <summary>t.</summary>
    public int Rank { get; }

    /// <summary>‖W − U_t Σ_t V_tᵀ‖ / ‖W‖ (Frobenius), from the singular values left out.</summary>
    public double RelativeError { get; }

    /// <summary>[R,in] float32 to [R,out].</summary>
    public Tensor Apply(Tensor input)
    {
        using Tensor few = F.linear(input, _first);
        return F.linear(few, _second, _bias);
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _bias?.Dispose();
    }
}
