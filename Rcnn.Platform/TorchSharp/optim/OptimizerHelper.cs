using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What optimizers with parameter groups have in common: groups, state by parameter, state dictionaries.</summary>
public abstract class OptimizerHelper : Optimizer
{
    private readonly Dictionary<Parameter, OptimizerState> _state = new(ReferenceEqualityComparer.Instance);

    public override void zero_grad()
    {
        foreach (Parameter parameter in parameters())
        {
            using Tensor? gradient = parameter.grad;
            gradient?.zero_();
        }
    }

    /// <summary>The live options and states: writing into them changes the optimizer.</summary>
    public virtual StateDictionary state_dict()
    {
        var result = new StateDictionary();
        foreach (ParamGroup group in _parameter_groups)
        {
            result.Options.Add(group.Options!);
            var positions = new List<int>();
            foreach (Parameter parameter in group.Parameters)
            {
                positions.Add(result.State.Count);
                result.State.Add(_state[parameter]);
            }

            result.StateIndexRef.Add(positions);
        }

        return result;
    }

    /// <summary>Copies options and states from another optimizer's dictionary.</summary>
    /// <exception cref="ArgumentException">Another number of groups or parameters.</exception>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        StateDictionary own = this.state_dict();
        if (own.Options.Count != state_dict.Options.Count || own.State.Count != state_dict.State.Count)
        {
            throw new ArgumentException(
                $"this optimizer has {own.Options.Count} groups with {own.State.Count} parameters, the state has {state_dict.Options.Count} with {state_dict.State.Count}");
        }

        for (int i = 0; i < own.Options.Count; i++)
        {
            if (!ReferenceEquals(own.Options[i], state_dict.Options[i]))
            {
                own.Options[i].LoadStateDict(state_dict.Options[i]);
            }
        }

        for (int i = 0; i < own.State.Count; i++)
        {
            if (!ReferenceEquals(own.State[i], state_dict.State[i]))
            {
                own.State[i].LoadStateDict(state_dict.State[i]);
            }
        }
    }

    private protected OptimizerState StateOf(Parameter parameter) => _state[parameter];

    private protected void AddGroup(ParamGroup group, Func<Parameter, OptimizerState> create)
    {
        group.Parameters = group.Parameters.ToArray();
        foreach (Parameter parameter in group.Parameters)
        {
            OptimizerState state = create(parameter);
            if (!_state.TryAdd(parameter, state))
            {
                throw new ArgumentException("a parameter appears twice among the parameter groups");
            }

            state.Initialize(group.Options!);
        }

        _parameter_groups.Add(group);
    }

    /// <summary>Runs <paramref name="closure"/> with gradients, then <paramref name="update"/> on each group without.</summary>
    private protected Tensor? Step<TGroup>(Action<TGroup> update, Func<Tensor>? closure)
        where TGroup : ParamGroup
    {
        Tensor? loss = null;
        if (closure is not null)
        {
            using IDisposable on = enable_grad();
            loss = closure();
        }

        using IDisposable off = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (ParamGroup group in _parameter_groups)
        {
            update((TGroup)group);
        }

        return loss;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (OptimizerState state in _state.Values)
            {
                (state as IDisposable)?.Dispose();
            }

            _state.Clear();
            _parameter_groups.Clear();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Settings of a parameter group; null takes the optimizer's default.</summary>
public class OptimizerOptions
{
    public double? LearningRate { get; set; }

    public double InitialLearningRate { get; set; }

    public virtual void LoadStateDict(OptimizerOptions source)
    {
        LearningRate = source.LearningRate;
        InitialLearningRate = source.InitialLearningRate;
    }
}

/// <summary>What an optimizer remembers about one parameter.</summary>
public abstract class OptimizerState
{
    protected Parameter _parameter;

    protected OptimizerState(Parameter parameter) => _parameter = parameter;

    /// <summary>Copies from the state of another optimizer of the same kind.</summary>
    public abstract void LoadStateDict(OptimizerState source);

    public abstract void Initialize(OptimizerOptions options);
}

/// <summary>Parameters that share options.</summary>
public class ParamGroup : ILearningRateController
{
    public IEnumerable<Parameter> Parameters { get; set; } = [];

    public OptimizerOptions? Options { get; set; }

    public double LearningRate
    {
        get => Options!.LearningRate!.Value;
        set => Options!.LearningRate = value;
    }

    public double InitialLearningRate
    {
        get => Options!.InitialLearningRate;
        set => Options!.InitialLearningRate = value;
    }
}

/// <inheritdoc cref="ParamGroup"/>
public class ParamGroup<TOptions> : ParamGroup
    where TOptions : OptimizerOptions
{
    public ParamGroup()
    {
    }

    public ParamGroup(IEnumerable<Parameter> parameters, TOptions? options = null)
    {
        Parameters = parameters;
        base.Options = options;
    }

    public new TOptions? Options
    {
        get => (TOptions?)base.Options;
        set => base.Options = value;
    }
}
