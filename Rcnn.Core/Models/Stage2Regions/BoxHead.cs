using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Stage2Regions;

/// <summary>What a pooled region becomes before it is classified: [R,C,P,P] to [R,Width].</summary>
public abstract class RegionHead(string name) : Module<Tensor, Tensor>(name)
{
    /// <summary>Numbers for each region.</summary>
    public abstract long Width { get; }
}

/// <summary>Two fully connected layers with ReLU on the flattened region: [R,C,P,P] to [R,width].</summary>
public sealed class BoxHead : RegionHead
{
    private readonly TorchSharp.Modules.Linear fc6;
    private readonly TorchSharp.Modules.Linear fc7;

    public BoxHead(long channels, long pool, long width)
        : base(nameof(BoxHead))
    {
        fc6 = Linear(channels * pool * pool, width);
        fc7 = Linear(width, width);
        RegisterComponents();
    }

    public override long Width => fc7.out_features;

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = F.relu(fc6.call(input.flatten(1)), inplace: true);
        return F.relu(fc7.call(hidden), inplace: true).MoveToOuterDisposeScope();
    }
}
