namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>
            /// Sets the learning rates of an optimizer from the number of steps that it has seen. The rates are computed in closed form from the
            /// initial ones, so that a schedule has no rounding history.
            /// </summary>
            public abstract class LRScheduler
            {
                private readonly Optimizer _optimizer;
                private readonly double[] _base_lrs;
                private double[] _last_lrs;
                private int _last_epoch;

                private protected LRScheduler(Optimizer optimizer, int last_epoch)
                {
                    _optimizer = optimizer;
                    _last_epoch = last_epoch;
                    _base_lrs = optimizer.ParamGroups.Select(group => group.InitialLearningRate).ToArray();
                    _last_lrs = _base_lrs;
                }

                /// <summary>Goes one step on.</summary>
                public virtual void step() => step(null);

                /// <summary>Goes to <paramref name="epoch"/>, or one step on.</summary>
                public virtual void step(int? epoch)
                {
                    _last_epoch = epoch ?? _last_epoch + 1;
                    _last_lrs = _base_lrs.Select((rate, group) => Rate(rate, _last_epoch, group)).ToArray();
                    int i = 0;
                    foreach (ILearningRateController group in _optimizer.ParamGroups)
                    {
                        group.LearningRate = _last_lrs[i++];
                    }
                }

                /// <summary>The rates now in force, by group.</summary>
                public IEnumerable<double> get_last_lr() => _last_lrs;

                /// <summary>The rate of a group at <paramref name="epoch"/> = 0, 1, …</summary>
                private protected abstract double Rate(double initial, int epoch, int group);
            }

            private sealed class ClosedForm : LRScheduler
            {
                private readonly Func<double, int, int, double> _rate;

                public ClosedForm(Optimizer optimizer, int last_epoch, Func<double, int, int, double> rate)
                    : base(optimizer, last_epoch)
                {
                    _rate = rate;
                    step();
                }

                private protected override double Rate(double initial, int epoch, int group) => _rate(initial, epoch, group);
            }

            /// <summary>initial · lr_lambda(epoch).</summary>
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => rate * lr_lambda(epoch));

            /// <summary>initial · gamma^⌊epoch / step_size⌋.</summary>
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => rate * Math.Pow(gamma, epoch / step_size));

            /// <summary>initial · gamma^(milestones reached).</summary>
            public static LRScheduler MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => rate * Math.Pow(gamma, milestones.Count(m => epoch >= m)));

            /// <summary>initial · gamma^epoch.</summary>
            public static LRScheduler ExponentialLR(Optimizer optimizer, double gamma = 0.1, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => rate * Math.Pow(gamma, epoch));

            /// <summary>initial · factor before total_iters, then initial.</summary>
            public static LRScheduler ConstantLR(Optimizer optimizer, double factor = 1.0 / 3, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => epoch < total_iters ? rate * factor : rate);

            /// <summary>A factor that runs in a straight line from start_factor to end_factor over total_iters steps.</summary>
            public static LRScheduler LinearLR(Optimizer optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0, int total_iters = 5, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => rate * (start_factor + (end_factor - start_factor) * Math.Min(total_iters, epoch) / total_iters));

            /// <summary>eta_min + (initial − eta_min)·(1 + cos(π·epoch/T_max))/2 (Loshchilov and Hutter 2017, without restarts).</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) =>
                new ClosedForm(optimizer, last_epoch, (rate, epoch, _) => eta_min + (rate - eta_min) * (1 + Math.Cos(Math.PI * epoch / T_max)) / 2);
        }
    }
}
