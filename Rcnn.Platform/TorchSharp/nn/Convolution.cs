using TorchSharp.Modules;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp
{
    namespace Modules
    {
        public abstract class Convolution : torch.nn.Module<torch.Tensor, torch.Tensor>
        {
            [TorchSharp.Utils.ComponentName(Name = "weight")]
            private readonly Parameter _weight;

            [TorchSharp.Utils.ComponentName(Name = "bias")]
            private readonly Parameter? _bias;

            protected Convolution(
                string name, long[] shape, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[] padding, long[] dilation,
                long groups, bool bias, PaddingModes padding_mode, torch.Device? device, torch.ScalarType? dtype)
                : base(name)
            {
                if (padding_mode != PaddingModes.Zeros)
                {
                    throw new NotSupportedException($"padding mode {padding_mode}; only Zeros is there");
                }

                (this.in_channels, this.out_channels, this.groups) = (in_channels, out_channels, groups);
                (this.kernel_size, this.stride, this.padding, this.dilation) = (kernel_size, stride, padding, dilation);
                _weight = torch.nn.Parameter(torch.empty(shape, dtype: dtype, device: device));
                _bias = bias ? torch.nn.Parameter(torch.empty([out_channels], dtype: dtype, device: device)) : null;
                RegisterComponents();
                reset_parameters();
            }

            public long in_channels { get; }

            public long out_channels { get; }

            public long groups { get; }

            public long[] kernel_size { get; }

            public long[] stride { get; }

            public long[] padding { get; }

            public long[] dilation { get; }

            public Parameter weight => _weight;

            public Parameter? bias => _bias;

            /// <summary>PyTorch's default: Kaiming uniform with a = √5 for the weight, ±1/√fan-in for the bias.</summary>
            public void reset_parameters()
            {
                torch.nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
                if (bias is not null)
                {
                    (long fanIn, _) = torch.nn.init.CalculateFanInAndFanOut(weight);
                    double bound = fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0;
                    torch.nn.init.uniform_(bias, -bound, bound);
                }
            }
        }

        public sealed class Conv2d : Convolution
        {
            internal Conv2d(
                long in_channels, long out_channels, (long H, long W) kernel, (long H, long W) stride, (long H, long W) padding, (long H, long W) dilation,
                PaddingModes padding_mode, long groups, bool bias, torch.Device? device, torch.ScalarType? dtype)
                : base(
                    nameof(Conv2d), [out_channels, in_channels / groups, kernel.H, kernel.W], in_channels, out_channels, [kernel.H, kernel.W],
                    [stride.H, stride.W], [padding.H, padding.W], [dilation.H, dilation.W], groups, bias, padding_mode, device, dtype)
            {
            }

            public override torch.Tensor forward(torch.Tensor input) => F.conv2d(input, weight, bias, stride, padding, dilation, groups);
        }

        public sealed class ConvTranspose2d : Convolution
        {
            internal ConvTranspose2d(
                long in_channels, long out_channels, (long H, long W) kernel, (long H, long W) stride, (long H, long W) padding, (long H, long W) output_padding,
                (long H, long W) dilation, PaddingModes padding_mode, long groups, bool bias, torch.Device? device, torch.ScalarType? dtype)
                : base(
                    nameof(ConvTranspose2d), [in_channels, out_channels / groups, kernel.H, kernel.W], in_channels, out_channels, [kernel.H, kernel.W],
                    [stride.H, stride.W], [padding.H, padding.W], [dilation.H, dilation.W], groups, bias, padding_mode, device, dtype) =>
                this.output_padding = [output_padding.H, output_padding.W];

            public long[] output_padding { get; }

            public override torch.Tensor forward(torch.Tensor input) =>
                F.conv_transpose2d(input, weight, bias, stride, padding, output_padding, dilation, groups);
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Conv2d Conv2d(
                long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long dilation = 1,
                PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), (dilation, dilation),
                    padding_mode, groups, bias, device, dtype);

            public static Conv2d Conv2d(
                long in_channels, long out_channels, (long, long) kernel_size, (long, long)? stride = null, (long, long)? padding = null,
                (long, long)? dilation = null, PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true,
                Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, kernel_size, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), padding_mode, groups, bias, device, dtype);

            public static ConvTranspose2d ConvTranspose2d(
                long in_channels, long out_channels, long kernel_size, long stride = 1, long padding = 0, long output_padding = 0, long dilation = 1,
                PaddingModes padding_mode = PaddingModes.Zeros, long groups = 1, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(in_channels, out_channels, (kernel_size, kernel_size), (stride, stride), (padding, padding), (output_padding, output_padding),
                    (dilation, dilation), padding_mode, groups, bias, device, dtype);
        }
    }
}
