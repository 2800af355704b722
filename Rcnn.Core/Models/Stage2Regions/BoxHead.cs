using System.Globalization;
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

/// <summary>Two fully connected layers with ReLU on the flattened region: [R,C,P,P] to [R,width]. In a training step (training mode, with gradients) part of both outputs may be left out.</summary>
public sealed class BoxHead : RegionHead
{
    /// <summary>Weights from which on a layer is worth bringing them into oneDNN's order.</summary>
    private const long Large = 1 << 20;

    private readonly TorchSharp.Modules.Linear fc6;
    private readonly TorchSharp.Modules.Linear fc7;
    private readonly double _dropout;
    private TruncatedLinear? _thin6;
    private TruncatedLinear? _thin7;

    /// <param name="dropout">The part left out, in [0,1). Hinton et al. 2012: what stays is divided by what of it stays.</param>
    public BoxHead(long channels, long pool, long width, double dropout = 0)
        : base(nameof(BoxHead))
    {
        _dropout = dropout;
        fc6 = Linear(channels * pool * pool, width);
        fc7 = Linear(width, width);
        RegisterComponents();
    }

    public override long Width => fc7.out_features;

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor flat = input.flatten(1);
        Tensor hidden = Drop(F.relu(_thin6?.Apply(flat) ?? Product(fc6, flat), inplace: true));
        return Drop(F.relu(_thin7?.Apply(hidden) ?? Product(fc7, hidden), inplace: true)).MoveToOuterDisposeScope();
    }

    private Tensor Drop(Tensor rows) => _dropout > 0 && training && is_grad_enabled() ? F.dropout(rows, _dropout) : rows;

    /// <summary>
    /// The layer on [R,in] rows. Without gradients a large one on the CPU runs as a 1×1 convolution over a channels-last map of R pixels, which is the same product on the same memory: libtorch gives that to oneDNN,
    /// whose kernels use every width of vector that there is, where OpenBLAS goes by the models of processor it knows.
    /// </summary>
    private static Tensor Product(TorchSharp.Modules.Linear layer, Tensor rows)
    {
        long count = rows.shape[0], inputs = layer.in_features, outputs = layer.out_features;
        if (is_grad_enabled() || count < 64 || inputs * outputs < Large || rows.dtype != ScalarType.Float32 || rows.device_type != TorchSharp.DeviceType.CPU)
        {
            return layer.call(rows);
        }

        using var scope = NewDisposeScope();
        Tensor map = rows.contiguous().view(1, count, 1, inputs).permute(0, 3, 1, 2);
        return F.conv2d(map, layer.weight.view(outputs, inputs, 1, 1), layer.bias).permute(0, 2, 3, 1).reshape(count, outputs).MoveToOuterDisposeScope();
    }

    /// <summary>Puts truncated layers in place of these until the result is disposed. Weights and their names stay.</summary>
    /// <param name="report">Told what became of each layer; may be null.</param>
    /// <exception cref="InvalidOperationException">They are in place already.</exception>
    internal IDisposable Truncate(FullyConnectedRanks ranks, Action<string>? report)
    {
        if (_thin6 is not null || _thin7 is not null)
        {
            throw new InvalidOperationException("whole layers expected, they are truncated already");
        }

        // Both or neither.
        TruncatedLinear? thin6 = Thin("fc6", fc6, ranks.Fc6, report), thin7 = Thin("fc7", fc7, ranks.Fc7, report);
        (_thin6, _thin7) = (thin6, thin7);
        return new Whole(this);
    }

    private static TruncatedLinear? Thin(string name, TorchSharp.Modules.Linear full, double? rank, Action<string>? report)
    {
        if (rank is not { } given)
        {
            return null;
        }

        long most = Math.Min(full.in_features, full.out_features);
        var thin = new TruncatedLinear(full, FullyConnectedRanks.Of(name, given, most));
        double work = (double)thin.Rank * (full.in_features + full.out_features) / ((double)full.in_features * full.out_features);
        report?.Invoke(string.Create(CultureInfo.InvariantCulture,
            $"{name} [{full.out_features},{full.in_features}]: rank {thin.Rank} of {most}, {work:P0} of the multiplications, relative error of the weights {thin.RelativeError:G3}"));
        return thin;
    }

    /// <summary>Brings the whole layers back.</summary>
    private sealed class Whole(BoxHead head) : IDisposable
    {
        public void Dispose()
        {
            head._thin6?.Dispose();
            head._thin7?.Dispose();
            (head._thin6, head._thin7) = (null, null);
        }
    }
}
