using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>Two fully connected layers with ReLU on the flattened region: [R,C,P,P] to [R,width].</summary>
public sealed class BoxHead : Module<Tensor, Tensor>
{
    private readonly Linear fc6;
    private readonly Linear fc7;

    public BoxHead(long channels, long pool, long width)
        : base(nameof(BoxHead))
    {
        fc6 = Linear(channels * pool * pool, width);
        fc7 = Linear(width, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = F.relu(fc6.call(input.flatten(1)), inplace: true);
        return F.relu(fc7.call(hidden), inplace: true).MoveToOuterDisposeScope();
    }
}
