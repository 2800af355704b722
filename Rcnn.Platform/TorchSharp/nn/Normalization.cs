using TorchSharp.Modules;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp
{
    namespace Modules
    {
        public sealed class BatchNorm2d : torch.nn.Module<torch.Tensor, torch.Tensor>
        {
            internal BatchNorm2d(
                long num_features, double eps, double momentum, bool affine, bool track_running_stats, torch.Device? device, torch.ScalarType? dtype)
                : base(nameof(BatchNorm2d))
            {
                (this.num_features, this.eps, this.momentum) = (num_features, eps, momentum);
                if (affine)
                {
                    weight = torch.nn.Parameter(torch.ones([num_features], dtype: dtype, device: device));
                    bias = torch.nn.Parameter(torch.zeros([num_features], dtype: dtype, device: device));
                    register_parameter(nameof(weight), weight);
                    register_parameter(nameof(bias), bias);
                }

                if (track_running_stats)
                {
                    running_mean = torch.zeros([num_features], dtype: dtype, device: device);
                    running_var = torch.ones([num_features], dtype: dtype, device: device);
                    num_batches_tracked = torch.zeros([], dtype: torch.ScalarType.Int64, device: device);
                    register_buffer(nameof(running_mean), running_mean);
                    register_buffer(nameof(running_var), running_var);
                    register_buffer(nameof(num_batches_tracked), num_batches_tracked);
                }
            }

            public long num_features { get; }

            public double eps { get; }

            public double momentum { get; }

            public Parameter? weight { get; }

            public Parameter? bias { get; }

            public torch.Tensor? running_mean { get; }

            public torch.Tensor? running_var { get; }

            public torch.Tensor? num_batches_tracked { get; }

            public override torch.Tensor forward(torch.Tensor input)
            {
                if (training && num_batches_tracked is not null)
                {
                    using IDisposable guard = torch.no_grad();
                    num_batches_tracked.add_(1);
                }

                return F.batch_norm(input, running_mean, running_var, weight, bias, training || running_mean is null, momentum, eps);
            }

            protected override void RegisterComponents()
            {
                // Registered by name in the constructor.
            }
        }

        public sealed class GroupNorm : torch.nn.Module<torch.Tensor, torch.Tensor>
        {
            internal GroupNorm(long num_groups, long num_channels, double eps, bool affine, torch.Device? device, torch.ScalarType? dtype)
                : base(nameof(GroupNorm))
            {
                (this.num_groups, this.eps) = (num_groups, eps);
                if (affine)
                {
                    weight = torch.nn.Parameter(torch.ones([num_channels], dtype: dtype, device: device));
                    bias = torch.nn.Parameter(torch.zeros([num_channels], dtype: dtype, device: device));
                    register_parameter(nameof(weight), weight);
                    register_parameter(nameof(bias), bias);
                }
            }

            public long num_groups { get; }

            public double eps { get; }

            public Parameter? weight { get; }

            public Parameter? bias { get; }

            public override torch.Tensor forward(torch.Tensor input) => F.group_norm(input, num_groups, weight, bias, eps);

            protected override void RegisterComponents()
            {
                // Registered by name in the constructor.
            }
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static BatchNorm2d BatchNorm2d(
                long num_features, double eps = 1e-05, double momentum = 0.1, bool affine = true, bool track_running_stats = true,
                Device? device = null, ScalarType? dtype = null) =>
                new(num_features, eps, momentum, affine, track_running_stats, device, dtype);

            public static GroupNorm GroupNorm(
                long num_groups, long num_channels, double eps = 1e-05, bool affine = true, Device? device = null, ScalarType? dtype = null) =>
                new(num_groups, num_channels, eps, affine, device, dtype);
        }
    }
}
