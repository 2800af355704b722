using System.Numerics;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The arithmetic of one AdamW step, in the order and with the roundings of PyTorch's CPU operators.</summary>
internal sealed class AdamWRule(AdamW.Options options) : IFusedRule
{
    private readonly double _rate = options.LearningRate!.Value;
    private readonly double _beta1 = options.beta1!.Value;
    private readonly double _beta2 = options.beta2!.Value;
    private readonly double _eps = options.eps!.Value;
    private readonly double _shrink = 1 - options.LearningRate!.Value * options.weight_decay!.Value;
    private readonly bool _maximize = options.maximize!.Value;

    /// <summary>By tensor operators: any dtype, device and layout.</summary>
    public void Update(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, long step)
    {
        Tensor g = _maximize ? gradient.neg() : gradient;
        (double size, double root) = Corrections(step);
        parameter.mul_(_shrink);
        mean.mul_(_beta1).add_(g, alpha: 1 - _beta1);
        square.mul_(_beta2).add_(g.mul(g).mul(1 - _beta2));
        parameter.add_(mean.mul(-size).div(square.sqrt().div(root).add(_eps)));
    }

    public unsafe void Run(float* p, float* g, float* m, float* v, int count, long step)
    {
        (double size, double root) = Corrections(step);
        float sign = _maximize ? -1 : 1;
        float shrink1 = (float)_shrink, beta1 = (float)_beta1, rest1 = (float)(1 - _beta1), beta2 = (float)_beta2, rest2 = (float)(1 - _beta2);
        float eps1 = (float)_eps, size1 = (float)-size, root1 = (float)root;
        int width = Vector<float>.Count;
        int i = 0;
        for (; i <= count - width; i += width)
        {
            Vector<float> d = Vector.Load(g + i) * sign;
            Vector<float> mean = Vector.FusedMultiplyAdd(d, new Vector<float>(rest1), Vector.Load(m + i) * beta1);
            Vector<float> square = Vector.Load(v + i) * beta2 + rest2 * d * d;
            Vector.Store(mean, m + i);
            Vector.Store(square, v + i);
            Vector<float> denominator = Vector.SquareRoot(square) / new Vector<float>(root1) + new Vector<float>(eps1);
            Vector.Store(Vector.Load(p + i) * shrink1 + size1 * mean / denominator, p + i);
        }

        for (; i < count; i++)
        {
            float d = g[i] * sign;
            m[i] = MathF.FusedMultiplyAdd(d, rest1, m[i] * beta1);
            v[i] = v[i] * beta2 + rest2 * d * d;
            p[i] = p[i] * shrink1 + size1 * m[i] / (MathF.Sqrt(v[i]) / root1 + eps1);
        }
    }

    /// <summary>lr/(1 − β1ᵗ) and √(1 − β2ᵗ).</summary>
    private (double Size, double Root) Corrections(long step) =>
        (_rate / (1 - Math.Pow(_beta1, step)), Math.Sqrt(1 - Math.Pow(_beta2, step)));
}
