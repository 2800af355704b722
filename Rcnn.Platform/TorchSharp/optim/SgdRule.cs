using System.Numerics;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The arithmetic of one SGD step, in the order and with the roundings of PyTorch's CPU operators.</summary>
internal sealed class SgdRule : IFusedRule
{
    private readonly float _decay, _momentum, _keep, _rate, _sign;
    private readonly double _decay64, _momentum64, _keep64, _rate64;
    private readonly bool _nesterov, _maximize;

    public SgdRule(SGD.Options options)
    {
        _decay64 = options.weight_decay!.Value;
        _momentum64 = options.momentum!.Value;
        _keep64 = 1 - options.dampening!.Value;
        _rate64 = -options.LearningRate!.Value;
        _maximize = options.maximize!.Value;
        _sign = _maximize ? -1 : 1;
        _nesterov = options.nesterov!.Value;
        (_decay, _momentum, _keep, _rate) = ((float)_decay64, (float)_momentum64, (float)_keep64, (float)_rate64);
    }

    public bool HasMomentum => _momentum64 != 0;

    /// <summary>By tensor operators: any dtype, device and layout.</summary>
    public void Update(Tensor parameter, Tensor gradient, Tensor? buffer, bool first)
    {
        Tensor g = _maximize ? gradient.neg() : gradient;
        g = _decay64 == 0 ? g : g.add(parameter, alpha: _decay64);
        if (buffer is not null)
        {
            if (first)
            {
                buffer.copy_(g);
            }
            else
            {
                buffer.mul_(_momentum64).add_(g, alpha: _keep64);
            }

            g = _nesterov ? g.add(buffer, alpha: _momentum64) : buffer;
        }

        parameter.add_(g, alpha: _rate64);
    }

    public unsafe void Run(float* p, float* g, float* b, float* unused, int count, long step)
    {
        bool first = step == 1;
        int width = Vector<float>.Count;
        var decay = new Vector<float>(_decay);
        var momentum = new Vector<float>(_momentum);
        var keep = new Vector<float>(_keep);
        var rate = new Vector<float>(_rate);
        int i = 0;
        for (; i <= count - width; i += width)
        {
            Vector<float> value = Vector.Load(p + i);
            Vector<float> d = Vector.Load(g + i) * _sign;
            d = _decay == 0 ? d : Vector.FusedMultiplyAdd(value, decay, d);
            if (b is not null)
            {
                Vector<float> m = first ? d : Vector.FusedMultiplyAdd(d, keep, Vector.Load(b + i) * momentum);
                Vector.Store(m, b + i);
                d = _nesterov ? Vector.FusedMultiplyAdd(m, momentum, d) : m;
            }

            Vector.Store(Vector.FusedMultiplyAdd(d, rate, value), p + i);
        }

        for (; i < count; i++)
        {
            float d = g[i] * _sign;
            d = _decay == 0 ? d : MathF.FusedMultiplyAdd(p[i], _decay, d);
            if (b is not null)
            {
                float m = first ? d : MathF.FusedMultiplyAdd(d, _keep, b[i] * _momentum);
                b[i] = m;
                d = _nesterov ? MathF.FusedMultiplyAdd(m, _momentum, d) : m;
            }

            p[i] = MathF.FusedMultiplyAdd(d, _rate, p[i]);
        }
    }
}
