using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Core.Models.Backbones;

/// <summary>
/// Images to feature maps. Input [B,3,H,W] float32, channels-last in memory; output one map [B,C,H/s,W/s] for each level, finest first,
/// in the layout that suits the layers before it.
/// Parameter names are torchvision's, so its checkpoints load as they are.
/// </summary>
public abstract class Backbone(string name) : Module<Tensor, IReadOnlyList<Tensor>>(name)
{
    /// <summary>Channels of each map.</summary>
    public abstract IReadOnlyList<int> Channels { get; }

    /// <summary>Names of the maps, "0", "1", … and "pool", "p6", "p7" for those made from the level before.</summary>
    public abstract IReadOnlyList<string> Levels { get; }

    /// <summary>Fixes the parameters of the first <paramref name="stages"/> stages, the stem being the first; −1 fixes all of them.</summary>
    /// <exception cref="RcnnException">More stages than there are.</exception>
    public abstract void FreezeStages(int stages);

    /// <summary>Every parameter of <paramref name="module"/> stays as it is in training.</summary>
    protected static void Freeze(Module module)
    {
        foreach (TorchSharp.Modules.Parameter parameter in module.parameters())
        {
            parameter.requires_grad = false;
        }
    }

    protected static int CheckedStages(int stages, int available)
    {
        if (stages < -1 || stages > available)
        {
            throw RcnnException.Usage($"model.backbone.freezeStages: −1 to {available} expected, got {stages}");
        }

        return stages < 0 ? available : stages;
    }
}
