using Rcnn.Core.Models.Backbones;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models;

/// <summary>
/// Which convolutions run on channels-last maps. oneDNN takes depthwise convolutions and those on the image itself several times faster so,
/// and dense 3×3 convolutions on many channels two to three times slower (AVX2, backward more than forward). So MobileNets and the first convolution of
/// other networks are channels-last; the rest, the pyramid and the proposal head are so only without gradients, where <see cref="WinogradLayer"/>
/// takes them. The weights carry the layout, maps follow.
/// </summary>
internal static class MemoryLayout
{
    public static void Arrange(Module detector)
    {
        foreach (Module module in detector.modules())
        {
            IEnumerable<Module> convolutions = module switch
            {
                MobileNet mobile => mobile.modules(),
                ResNet or PlainNet => module.children().Take(1),
                _ => [],
            };
            foreach (Conv2d convolution in convolutions.OfType<Conv2d>())
            {
                using Tensor last = Engine.ChannelsLast(convolution.weight.detach());
                Engine.Replace(convolution.weight, last);
            }
        }
    }
}
