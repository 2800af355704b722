using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Updates parameters from their gradients.</summary>
        public abstract class Optimizer : IDisposable
        {
            /// <summary>The parameter groups, each with a learning rate of its own.</summary>
            public virtual IEnumerable<ILearningRateController> ParamGroups => _parameter_groups;

            private protected readonly List<ParamGroup> _parameter_groups = [];

            /// <summary>Sets the gradients that exist to zero.</summary>
            public abstract void zero_grad();

            /// <summary>One update. <paramref name="closure"/> recomputes the loss, which is returned; null without one.</summary>
            public abstract Tensor? step(Func<Tensor>? closure = null);

            /// <summary>All parameters, group after group.</summary>
            public virtual IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

            public abstract void add_param_group(ParamGroup param_group);

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
            }

            /// <summary>Options of each group and state of each parameter, in order. They are the optimizer's own objects, not copies.</summary>
            public class StateDictionary
            {
                internal StateDictionary()
                {
                }

                public List<OptimizerOptions> Options { get; } = [];

                public List<OptimizerState> State { get; } = [];

                /// <summary>For each group, the positions in <see cref="State"/> of its parameters.</summary>
                public List<List<int>> StateIndexRef { get; } = [];
            }
        }

        /// <summary>A learning rate that a scheduler may change.</summary>
        public interface ILearningRateController
        {
            double LearningRate { get; set; }

            /// <summary>The rate that schedules start from.</summary>
            double InitialLearningRate { get; set; }
        }

        public interface IMomentum
        {
            double Momentum { get; set; }
        }

        public interface IBetas
        {
            (double, double) Betas { get; set; }
        }
    }
}
