using System.Runtime.CompilerServices;
using Rcnn.Ops.Cuda;
using static TorchSharp.torch;

namespace Rcnn.Ops;

/// <summary>A loss of one number against one number.</summary>
internal abstract unsafe class PointwiseLoss
{
    /// <summary>Evaluates a block.</summary>
    /// <param name="loss">[count]: receives the values; null when only the sum is wanted</param>
    /// <param name="derivative">[count]: receives ∂loss/∂input; null when none is wanted</param>
    /// <returns>The sum of the values, in double, in index order.</returns>
    public abstract double Block(float* input, float* target, int count, float* loss, float* derivative);

    /// <summary>Whether there is a kernel for it.</summary>
    public virtual bool HasKernel => false;

    /// <summary>Launches the kernel over <paramref name="count"/> pairs; <paramref name="derivative"/> may be null.</summary>
    public virtual void Launch(IKernelLauncher launcher, Tensor input, Tensor target, long count, Tensor loss, Tensor? derivative) =>
        throw new NotSupportedException($"{GetType().Name} has no kernel");

    public sealed class SmoothL1(float beta) : PointwiseLoss
    {
        public override bool HasKernel => true;

        public override void Launch(IKernelLauncher launcher, Tensor input, Tensor target, long count, Tensor loss, Tensor? derivative) => launcher.Launch(
            new("losses", "losses_smooth_l1"), KernelGrid.Over(count, LossKernelFunction.Threads), LossKernelFunction.Threads, input, target, count, beta, loss, derivative);

        public override double Block(float* input, float* target, int count, float* loss, float* derivative)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                float d = input[i] - target[i], size = MathF.Abs(d);
                bool quadratic = size < beta;
                float value = quadratic ? 0.5f * size * size / beta : size - 0.5f * beta;
                sum += value;
                if (loss != null)
                {
                    loss[i] = value;
                }

                if (derivative != null)
                {
                    derivative[i] = d <= -beta ? -1 : d >= beta ? 1 : d / beta;
                }
            }

            return sum;
        }
    }

    public sealed class BalancedL1(double alpha, double gamma, double beta) : PointwiseLoss
    {
        private readonly double _b = Math.Exp(gamma / alpha) - 1;

        public override double Block(float* input, float* target, int count, float* loss, float* derivative)
        {
            double b = _b, sum = 0;
            for (int i = 0; i < count; i++)
            {
                double d = (double)input[i] - target[i], size = Math.Abs(d);
                double value, slope;
                if (size < beta)
                {
                    // With u = b|d|/β the value is αβ/b·((1 + u) ln(1 + u) − u): near 0 its terms cancel, so its series stands in.
                    double u = b * size / beta;
                    bool small = u < 1e-3;
                    double log = small ? u * (1 - u * (0.5 - u / 3)) : Math.Log(1 + u);
                    value = alpha * beta / b * (small ? u * u * (0.5 - u * (1.0 / 6 - u / 12)) : (1 + u) * log - u);
                    slope = alpha * log;
                }
                else
                {
                    value = gamma * size + beta * (gamma / b - alpha);
                    slope = double.IsNaN(d) ? d : gamma;
                }

                sum += value;
                if (loss != null)
                {
                    loss[i] = (float)value;
                }

                if (derivative != null)
                {
                    derivative[i] = (float)(d < 0 ? -slope : slope);
                }
            }

            return sum;
        }
    }

    public sealed class SigmoidFocal(float alpha, float gamma) : PointwiseLoss
    {
        public override bool HasKernel => true;

        public override void Launch(IKernelLauncher launcher, Tensor input, Tensor target, long count, Tensor loss, Tensor? derivative) => launcher.Launch(
            new("losses", "losses_sigmoid_focal"), KernelGrid.Over(count, LossKernelFunction.Threads), LossKernelFunction.Threads, input, target, count, alpha, gamma, loss, derivative);

        public override double Block(float* input, float* target, int count, float* loss, float* derivative)
        {
            double sum = 0;
            for (int i = 0; i < count; i++)
            {
                float x = input[i], t = target[i];
                float decay = MathF.Exp(-MathF.Abs(x));
                float p = x >= 0 ? 1 / (1 + decay) : decay / (1 + decay);
                float entropy = MathF.Max(x, 0) - x * t + (float)Math.Log(1 + (double)decay);
                float miss = 1 - (p * t + (1 - p) * (1 - t));
                float focus = Power(miss, gamma);
                float weight = alpha >= 0 ? alpha * t + (1 - alpha) * (1 - t) : 1;
                float value = weight * focus * entropy;
                sum += value;
                if (loss != null)
                {
                    loss[i] = value;
                }

                if (derivative != null)
                {
                    // Where the prediction is saturated (miss = 0) the focus term vanishes with p·(1 − p).
                    float bend = gamma == 0 || miss <= 0 ? 0 : entropy * gamma * Power(miss, gamma - 1) * (2 * t - 1) * p * (1 - p);
                    derivative[i] = weight * ((p - t) * focus - bend);
                }
            }

            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float Power(float x, float exponent) => exponent switch
        {
            0 => 1,
            1 => x,
            2 => x * x,
            _ => MathF.Pow(x, exponent),
        };
    }
}
