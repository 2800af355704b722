using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models;

/// <summary>Convolution weights in the channels-last layout, so that oneDNN and the region operators read and write activations without a change of layout.</summary>
internal static class MemoryLayout
{
    public static void UseChannelsLast(Module model)
    {
        foreach (Module module in model.modules())
        {
            if (module is Conv2d { kernel_size: not [1, 1] } convolution)
            {
                using Tensor last = Engine.ChannelsLast(convolution.weight.detach());
                Engine.Replace(convolution.weight, last);
            }
        }
    }
}
