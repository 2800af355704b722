using Rcnn.Core.Models.Backbones;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Weights;
using Rcnn.Ops;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Core.Models.Classic;

/// <summary>
/// The network of R-CNN: a warped region through the backbone, its last map pooled, two fully connected layers where there are some, and a classifier over C + 1 classes that fine-tuning
/// trains. Input [N,3,S,S], normalised. AlexNet and VGG pool by their own last max pooling (pool5 of the paper), then, like every other network, by the mean of adaptive cells where the sides
/// still differ from model.roi.poolSize: torchvision's order, so that the layers of an ImageNet classifier load.
/// </summary>
public sealed class RcnnNetwork : Module<Tensor, Tensor>
{
    private readonly Backbone backbone;
    private readonly Linear? fc6;
    private readonly Linear? fc7;
    private readonly Linear cls_score;
    private readonly RcnnConfig _config;
    private readonly int _pool;
    private readonly string _backboneName;

    /// <exception cref="RcnnException">A setting that cannot be built; names it.</exception>
    public RcnnNetwork(DetectorConfig config, long seed)
        : base(nameof(RcnnNetwork))
    {
        config.Rcnn.Validate();
        _ = ImageResizer.Order(config.Input);
        if (config.Backbone.Fpn)
        {
            throw RcnnException.Usage("model.backbone.fpn: false expected for rcnn, got true");
        }

        (_config, _pool, _backboneName) = (config.Rcnn, config.Roi.PoolSize, config.Backbone.Name);
        backbone = BackboneFactory.Create(config.Backbone);
        PoolWidth = backbone.Channels[0] * _pool * _pool;
        long width = PoolWidth;
        if (config.Rcnn.FullyConnected)
        {
            fc6 = Linear(PoolWidth, config.Roi.HeadWidth);
            fc7 = Linear(config.Roi.HeadWidth, config.Roi.HeadWidth);
            width = config.Roi.HeadWidth;
        }

        cls_score = Linear(width, config.Classes);
        RegisterComponents();
        RandomWeights.Fill(this, seed);
        MemoryLayout.Arrange(this);
    }

    /// <summary>Numbers of the pooled map.</summary>
    public int PoolWidth { get; }

    /// <summary>Numbers of the layer that the classifier of the configuration sees.</summary>
    public int LayerWidth => _config.Layer == "pool" ? PoolWidth : (int)fc6!.out_features;

    /// <summary>Logits [N,C+1].</summary>
    public override Tensor forward(Tensor crops)
    {
        using var scope = NewDisposeScope();
        Tensor value = Pool(crops);
        if (fc6 is not null)
        {
            value = F.dropout(F.relu(fc6.call(value)), _config.Dropout, training);
            value = F.dropout(F.relu(fc7!.call(value)), _config.Dropout, training);
        }

        return cls_score.call(value).MoveToOuterDisposeScope();
    }

    /// <summary>The pooled map [N,PoolWidth], the layer of the configuration [N,LayerWidth] (the same tensor for pool) and the logits.</summary>
    public (Tensor Pool, Tensor Layer, Tensor Logits) Features(Tensor crops)
    {
        using var scope = NewDisposeScope();
        Tensor pool = Pool(crops), layer = pool, last = pool;
        if (fc6 is not null)
        {
            Tensor six = F.relu(fc6.call(pool));
            last = F.relu(fc7!.call(six));
            layer = _config.Layer switch { "fc6" => six, "fc7" => last, _ => pool };
        }

        return (pool.MoveToOuterDisposeScope(), layer.MoveToOuterDisposeScope(), cls_score.call(last).MoveToOuterDisposeScope());
    }

    /// <summary>Fills the backbone, and fc6 and fc7 where the sizes agree, from an ImageNet classifier; or everything from a network of this kind.</summary>
    /// <returns>How many tensors were taken; which of fc6 and fc7 stay random, and why</returns>
    /// <exception cref="RcnnException">A backbone weight is missing or of another shape.</exception>
    public (int Loaded, IReadOnlyList<string> Left) Load(IReadOnlyDictionary<string, Tensor> weights, string source)
    {
        using IDisposable noGradient = no_grad();
        Dictionary<string, Tensor> own = state_dict();
        if (weights.ContainsKey("cls_score.weight"))
        {
            StateTensors.Copy(weights, own, source);
            return (own.Count, []);
        }

        (string first, string second) = _backboneName == "alexnet" ? ("classifier.1.", "classifier.4.") : ("classifier.0.", "classifier.3.");
        int loaded = 0;
        List<string> left = [];
        foreach ((string name, Tensor target) in own.Where(o => !o.Key.StartsWith("cls_score.", StringComparison.Ordinal)))
        {
            bool body = name.StartsWith("backbone.", StringComparison.Ordinal);
            string layer = body ? name["backbone.".Length..] : name.Replace("fc6.", first, StringComparison.Ordinal).Replace("fc7.", second, StringComparison.Ordinal);
            Tensor? value = weights.GetValueOrDefault(body ? "features." + layer : layer) ?? weights.GetValueOrDefault(layer)
                ?? (body && layer.StartsWith("body.", StringComparison.Ordinal) ? weights.GetValueOrDefault(layer["body.".Length..]) : null);
            if (value is not null && value.shape.SequenceEqual(target.shape))
            {
                target.copy_(value);
                loaded++;
            }
            else if (!body)
            {
                left.Add(value is null
                    ? $"{name} is missing: left random"
                    : $"{name} of another shape ([{string.Join(",", target.shape)}] expected, got [{string.Join(",", value.shape)}]): left random");
            }
            else if (!name.EndsWith(".num_batches_tracked", StringComparison.Ordinal))
            {
                throw new RcnnException(value is null
                    ? $"{source}: {layer} is missing for {name}"
                    : $"{source}: {layer}: [{string.Join(",", target.shape)}] expected, got [{string.Join(",", value.shape)}]");
            }
        }

        return (loaded, left);
    }

    private Tensor Pool(Tensor crops)
    {
        using var scope = NewDisposeScope();
        Tensor map = backbone.call(crops)[0];
        map = backbone is PlainNet plain ? plain.FinalPool(map) : map;
        Tensor pooled = map.shape[2] == _pool && map.shape[3] == _pool ? map : F.adaptive_avg_pool2d(map, [_pool, _pool]);
        return pooled.flatten(1).MoveToOuterDisposeScope();
    }
}
