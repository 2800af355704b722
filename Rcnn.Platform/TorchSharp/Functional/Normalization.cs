using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                Aten.batch_norm.Call(input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Aten.group_norm.Call(input, num_groups, weight, bias, eps);

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                Aten.layer_norm.Call(input, normalized_shape, weight, bias, eps);

            public static Tensor local_response_norm(Tensor input, long size, double alpha = 0.0001, double beta = 0.75, double k = 1.0)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor squares = input.mul(input).unsqueeze(1);
                squares = pad(squares, [0, 0, 0, 0, size / 2, (size - 1) / 2]);
                Tensor divisor = Aten.avg_pool3d.Call(squares, new[] { size, 1, 1 }, new[] { 1L, 1, 1 }).squeeze(1).mul(alpha).add(k).pow(beta);
                return input.div(divisor).MoveToOuterDisposeScope();
            }

            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1L, double eps = 1e-12)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor length = Aten.norm_ScalarOpt_dim.Call(input, p, new[] { dim }, true).clamp_min(eps);
                return input.div(length).MoveToOuterDisposeScope();
            }
        }
    }
}
