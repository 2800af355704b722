using Rcnn.Core.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>
/// The exponential moving average of a model's state, ā ← d·ā + (1 − d)·w after every step, with d = min(decay, (1 + step) / (10 + step)) so that the random start
/// is forgotten soon. Smoother than the last weights, it often detects better (Polyak and Juditsky 1992). Running statistics are averaged as well; counters are copied.
/// </summary>
public sealed class WeightAverage : IDisposable
{
    private readonly Dictionary<string, Tensor> _live;
    private readonly Dictionary<string, Tensor> _mean = [];
    private readonly double _decay;

    /// <param name="model">The model; its tensors must stay the same objects.</param>
    /// <param name="decay">In (0,1).</param>
    public WeightAverage(nn.Module model, double decay)
    {
        _decay = decay;
        using IDisposable off = no_grad();
        _live = model.state_dict();
        foreach ((string name, Tensor value) in _live)
        {
            _mean[name] = value.detach().clone().DetachFromDisposeScope();
        }
    }

    /// <summary>The average under the model's names; owned by this object.</summary>
    public IReadOnlyDictionary<string, Tensor> State => _mean;

    /// <param name="step">Steps done before this one.</param>
    public void Update(int step)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable off = no_grad();
        double decay = Math.Min(_decay, (1.0 + step) / (10.0 + step));
        foreach ((string name, Tensor mean) in _mean)
        {
            Tensor live = _live[name].detach();
            if (mean.is_floating_point())
            {
                mean.mul_(decay).add_(live, 1 - decay);
            }
            else
            {
                mean.copy_(live);
            }
        }
    }

    /// <summary>Puts the average into the model until the result is disposed; training must not go on meanwhile.</summary>
    public IDisposable Applied()
    {
        Exchange();
        return new Undo(Exchange);
    }

    /// <summary>Takes saved values.</summary>
    /// <exception cref="RcnnException">A tensor is missing or of another shape; names file and tensor.</exception>
    public void Restore(IReadOnlyDictionary<string, Tensor> saved, string file) => StateTensors.Copy(saved, _mean, file);

    /// <summary>Starts again from the model's weights as they are.</summary>
    public void Restart()
    {
        using IDisposable off = no_grad();
        foreach ((string name, Tensor mean) in _mean)
        {
            mean.copy_(_live[name]);
        }
    }

    public void Dispose()
    {
        foreach (Tensor mean in _mean.Values)
        {
            mean.Dispose();
        }
    }

    private void Exchange()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable off = no_grad();
        foreach ((string name, Tensor mean) in _mean)
        {
            Tensor live = _live[name], kept = live.detach().clone();
            live.copy_(mean);
            mean.copy_(kept);
        }
    }

    private sealed class Undo(Action action) : IDisposable
    {
        private Action? _action = action;

        public void Dispose()
        {
            _action?.Invoke();
            _action = null;
        }
    }
}
