using TorchSharp.Modules;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp
{
    namespace Modules
    {
        public sealed class Linear : torch.nn.Module<torch.Tensor, torch.Tensor>
        {
            [TorchSharp.Utils.ComponentName(Name = "weight")]
            private readonly Parameter _weight;

            [TorchSharp.Utils.ComponentName(Name = "bias")]
            private readonly Parameter? _bias;

            internal Linear(long inputSize, long outputSize, bool hasBias, torch.Device? device, torch.ScalarType? dtype)
                : base(nameof(Linear))
            {
                (in_features, out_features) = (inputSize, outputSize);
                _weight = torch.nn.Parameter(torch.empty([outputSize, inputSize], dtype: dtype, device: device));
                torch.nn.init.kaiming_uniform_(_weight, Math.Sqrt(5));
                if (hasBias)
                {
                    _bias = torch.nn.Parameter(torch.empty([outputSize], dtype: dtype, device: device));
                    double bound = inputSize > 0 ? 1 / Math.Sqrt(inputSize) : 0;
                    torch.nn.init.uniform_(_bias, -bound, bound);
                }

                RegisterComponents();
            }

            public long in_features { get; }

            public long out_features { get; }

            public Parameter weight => _weight;

            public Parameter? bias => _bias;

            public override torch.Tensor forward(torch.Tensor input) => F.linear(input, _weight, _bias);
        }
    }

    public static partial class torch
    {
        public static partial class nn
        {
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, outputSize, hasBias, device, dtype);
        }
    }
}
