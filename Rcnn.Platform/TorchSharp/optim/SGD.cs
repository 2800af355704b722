using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            /// <inheritdoc cref="Modules.SGD"/>
            public static SGD SGD(IEnumerable<Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <inheritdoc cref="Modules.SGD"/>
            public static SGD SGD(IEnumerable<(string name, Parameter parameter)> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters.Select(named => named.parameter), learningRate, momentum, dampening, weight_decay, nesterov, maximize);

            /// <inheritdoc cref="Modules.SGD"/>
            public static SGD SGD(IEnumerable<SGD.ParamGroup> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// Stochastic gradient descent with momentum, as PyTorch defines it:
    /// g ← g + weight_decay·p; b ← momentum·b + (1 − dampening)·g, at first b = g; p ← p − lr·b
    /// (Nesterov: p ← p − lr·(g + momentum·b); <c>maximize</c> takes −g for g).
    /// Parameters without a gradient are left alone. Float32 on the CPU is one fused pass; its result does not depend on the number of threads.
    /// </summary>
    public class SGD : OptimizerHelper, IMomentum
    {
        private readonly Options _defaults;

        public SGD(IEnumerable<Parameter> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
            : this([new ParamGroup { Parameters = parameters }], lr, momentum, dampening, weight_decay, nesterov, maximize)
        {
        }

        /// <exception cref="ArgumentException">A negative rate, momentum or decay; Nesterov without momentum or with dampening; a parameter given twice.</exception>
        public SGD(IEnumerable<ParamGroup> parameters, double lr, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
        {
            if (!(lr >= 0) || !(momentum >= 0) || !(weight_decay >= 0))
            {
                throw new ArgumentException($"learning rate {lr}, momentum {momentum} and weight decay {weight_decay} must not be negative");
            }

            if (nesterov && (momentum == 0 || dampening != 0))
            {
                throw new ArgumentException($"Nesterov momentum needs a momentum and no dampening, got {momentum} and {dampening}");
            }

            _defaults = new Options
            {
                LearningRate = lr,
                InitialLearningRate = lr,
                momentum = momentum,
                dampening = dampening,
                weight_decay = weight_decay,
                nesterov = nesterov,
                maximize = maximize,
            };
            foreach (ParamGroup group in parameters)
            {
                add_param_group(group);
            }
        }

        public double Momentum
        {
            get => _defaults.momentum!.Value;
            set => _defaults.momentum = value;
        }

        public override void add_param_group(Modules.ParamGroup param_group)
        {
            var options = (Options)(param_group.Options ??= new Options());
            options.LearningRate ??= _defaults.LearningRate;
            options.momentum ??= _defaults.momentum;
            options.dampening ??= _defaults.dampening;
            options.weight_decay ??= _defaults.weight_decay;
            options.nesterov ??= _defaults.nesterov;
            options.maximize ??= _defaults.maximize;
            options.InitialLearningRate = options.LearningRate!.Value;
            AddGroup(param_group, parameter => new State(parameter));
        }

        public override Tensor? step(Func<Tensor>? closure = null) => Step<ParamGroup>(Update, closure);

        private void Update(ParamGroup group)
        {
            Options options = group.Options!;
            var rule = new SgdRule(options);
            var fused = new FusedUpdate();
            foreach (Parameter parameter in group.Parameters)
            {
                Tensor? gradient = parameter.grad;
                if (gradient is null)
                {
                    continue;
                }

                var state = (State)StateOf(parameter);
                bool first = rule.HasMomentum && state.momentum_buffer is null;
                if (first)
                {
                    state.momentum_buffer = parameter.zeros_like().DetachFromDisposeScope();
                }

                if (!fused.TryAdd(parameter, gradient, state.momentum_buffer, null, first ? 1 : 0))
                {
                    rule.Update(parameter, gradient, state.momentum_buffer, first);
                }
            }

            fused.Run(rule);
        }

        public class Options : OptimizerOptions
        {
            public double? momentum;
            public double? dampening;
            public double? weight_decay;
            public bool? nesterov;
            public bool? maximize;

            public override void LoadStateDict(OptimizerOptions source)
            {
                base.LoadStateDict(source);
                var other = (Options)source;
                (momentum, dampening, weight_decay) = (other.momentum, other.dampening, other.weight_decay);
                (nesterov, maximize) = (other.nesterov, other.maximize);
            }
        }

        public class ParamGroup : ParamGroup<Options>, IMomentum
        {
            public ParamGroup()
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, Options options)
                : base(parameters, options)
            {
            }

            public ParamGroup(IEnumerable<Parameter> parameters, double lr = 1e-3, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false)
                : base(parameters, new Options { LearningRate = lr, momentum = momentum, dampening = dampening, weight_decay = weight_decay, nesterov = nesterov, maximize = maximize })
            {
            }

            public double Momentum
            {
                get => Options!.momentum!.Value;
                set => Options!.momentum = value;
            }
        }

        public sealed class State : OptimizerState, IDisposable
        {
            /// <summary>Null until the first step with momentum.</summary>
            public Tensor? momentum_buffer;

            public State(Parameter parameter)
                : base(parameter)
            {
            }

            public override void Initialize(OptimizerOptions options) => Dispose();

            public override void LoadStateDict(OptimizerState source)
            {
                Dispose();
                momentum_buffer = ((State)source).momentum_buffer?.clone().DetachFromDisposeScope();
            }

            public void Dispose()
            {
                momentum_buffer?.Dispose();
                momentum_buffer = null;
            }
        }
    }
}
