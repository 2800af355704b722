using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            /// <summary>
            /// Scales all gradients by max_norm / (norm + 1e-6) when that is below one, where norm is the p-norm of all gradients taken as one vector.
            /// Parameters without a gradient count as zero. A norm that is not finite leaves the gradients as they are spoiled: check what is returned.
            /// The sum runs over pieces of fixed length in double precision: the same bits at any number of threads.
            /// </summary>
            /// <returns>The norm before clipping.</returns>
            /// <exception cref="NotSupportedException">A norm other than the Euclidean one.</exception>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                if (norm_type != 2)
                {
                    throw new NotSupportedException($"clip_grad_norm_ knows the 2-norm only, got {norm_type}");
                }

                using IDisposable off = no_grad();
                using DisposeScope scope = NewDisposeScope();
                var gradients = new List<Tensor>();
                foreach (Parameter parameter in tensors)
                {
                    if (parameter.grad is { } gradient)
                    {
                        gradients.Add(gradient);
                    }
                }

                double norm = Math.Sqrt(GradientNorm.SumOfSquares(gradients));
                double factor = max_norm / (norm + 1e-6);
                if (factor < 1)
                {
                    foreach (Tensor gradient in gradients)
                    {
                        gradient.mul_(factor);
                    }
                }

                return norm;
            }
        }
    }
}
