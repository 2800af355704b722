using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models;

/// <summary>
/// Random weights from one explicit generator, in the order of the state dictionary. Backbone convolutions: normal with variance
/// 2 / fan-out (He et al. 2015), those of the region and mask heads too; pyramid: uniform with variance 1 / fan-in; proposal head: normal
/// with standard deviation 0.01; linear layers: uniform within ±1/√fan-in. Biases 0 except in linear layers. As torchvision 0.14 does.
/// </summary>
internal static class RandomWeights
{
    public static void Fill(Module detector, long seed)
    {
        using var generator = new Generator(unchecked((ulong)seed));
        foreach ((string name, Module module) in detector.named_modules())
        {
            switch (module)
            {
                case Conv2d c when name.StartsWith("backbone.fpn.", StringComparison.Ordinal):
                    double limit = Math.Sqrt(3.0 / init.CalculateFanInAndFanOut(c.weight).fanIn);
                    init.uniform_(c.weight, -limit, limit, generator);
                    ZeroBias(c.bias);
                    break;
                case Convolution c when !name.StartsWith("rpn.", StringComparison.Ordinal):
                    init.normal_(c.weight, 0, Math.Sqrt(2.0 / init.CalculateFanInAndFanOut(c.weight).fanOut), generator);
                    ZeroBias(c.bias);
                    break;
                case Convolution c:
                    init.normal_(c.weight, 0, 0.01, generator);
                    ZeroBias(c.bias);
                    break;
                case Linear l:
                    double bound = 1 / Math.Sqrt(l.in_features);
                    init.uniform_(l.weight, -bound, bound, generator);
                    init.uniform_(l.bias!, -bound, bound, generator);
                    break;
            }
        }
    }

    private static void ZeroBias(Parameter? bias)
    {
        if (bias is not null)
        {
            init.zeros_(bias);
        }
    }
}
