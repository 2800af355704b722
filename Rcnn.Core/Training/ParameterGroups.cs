using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace Rcnn.Core.Training;

/// <summary>Builds the optimizer: one parameter group for each learning rate and weight decay, frozen parameters left out.</summary>
public sealed class ParameterGroups
{
    private ParameterGroups(OptimizerHelper optimizer, IReadOnlyList<(string Name, Parameter Parameter)> parameters)
    {
        Optimizer = optimizer;
        Parameters = parameters;
    }

    public OptimizerHelper Optimizer { get; }

    /// <summary>The trained parameters in the order of the optimizer's state.</summary>
    public IReadOnlyList<(string Name, Parameter Parameter)> Parameters { get; }

    /// <exception cref="RcnnException">An unknown kind of optimizer, a value out of range, or a model in which everything is frozen.</exception>
    public static ParameterGroups Create(nn.Module model, OptimizerConfig config)
    {
        if (config.Kind is not ("sgd" or "adamw"))
        {
            throw RcnnException.Usage($"optimizer.kind={config.Kind}: expected sgd or adamw");
        }

        if (config.NormWeightDecay < 0 || config.BiasWeightDecay < 0)
        {
            throw RcnnException.Usage(
                $"optimizer: normWeightDecay {config.NormWeightDecay} and biasWeightDecay {config.BiasWeightDecay} must not be negative");
        }

        if (!(config.LearningRate > 0) || config.WeightDecay < 0 || config.ClipNorm < 0)
        {
            throw RcnnException.Usage(
                $"optimizer: learningRate {config.LearningRate} must be positive, weightDecay {config.WeightDecay} and clipNorm {config.ClipNorm} not negative");
        }

        var groups = new List<(double Rate, double Decay, List<(string Name, Parameter Parameter)> Members)>();
        Dictionary<string, Parameter> named = model.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        foreach ((string name, Parameter parameter) in named)
        {
            if (!parameter.requires_grad)
            {
                continue;
            }

            ParameterRole role = RoleOf(name, named);
            double rate = config.LearningRate * Factor(name, config.Rates) * (role == ParameterRole.Bias ? config.Rates.Bias : 1);
            double decay = role switch
            {
                // Learnt weights of the losses are no weights of the model: decay would pull them to 1.
                _ when name.StartsWith("loss_weights.", StringComparison.Ordinal) => 0,
                ParameterRole.Norm => config.NormWeightDecay ?? config.WeightDecay,
                ParameterRole.Bias => config.BiasWeightDecay ?? config.WeightDecay,
                _ => config.WeightDecay,
            };
            int i = groups.FindIndex(group => group.Rate == rate && group.Decay == decay);
            if (i < 0)
            {
                i = groups.Count;
                groups.Add((rate, decay, []));
            }

            groups[i].Members.Add((name, parameter));
        }

        if (groups.Count == 0)
        {
            throw new RcnnException("nothing to train: every parameter of the model is frozen");
        }

        OptimizerHelper optimizer;
        try
        {
            optimizer = config.Kind == "sgd"
                ? SGD(
                    groups.Select(g => new SGD.ParamGroup(Members(g.Members), new SGD.Options { LearningRate = g.Rate, weight_decay = g.Decay })).ToArray(),
                    config.LearningRate, config.Momentum, 0, config.WeightDecay, config.Nesterov)
                : AdamW(
                    groups.Select(g => new AdamW.ParamGroup(Members(g.Members), new AdamW.Options { LearningRate = g.Rate, weight_decay = g.Decay })).ToArray(),
                    config.LearningRate, config.Beta1, config.Beta2, config.Eps, config.WeightDecay);
        }
        catch (ArgumentException e)
        {
            throw RcnnException.Usage("optimizer: " + e.Message);
        }

        return new ParameterGroups(optimizer, groups.SelectMany(g => g.Members).ToList());
    }

    private static Parameter[] Members(List<(string Name, Parameter Parameter)> named) => named.Select(n => n.Parameter).ToArray();

    /// <summary>A normalisation's scale is the only weight with one dimension; its bias stands beside it.</summary>
    private static ParameterRole RoleOf(string name, Dictionary<string, Parameter> all)
    {
        if (all[name].ndim != 1)
        {
            return ParameterRole.Weight;
        }

        bool bias = name.EndsWith(".bias", StringComparison.Ordinal);
        bool besideMatrix = bias && all.TryGetValue(name[..^"bias".Length] + "weight", out Parameter? weight) && weight.ndim > 1;
        return besideMatrix ? ParameterRole.Bias : ParameterRole.Norm;
    }

    private enum ParameterRole
    {
        Weight,
        Bias,
        Norm,
    }

    private static double Factor(string name, RateConfig rates) => name.Split('.')[0] switch
    {
        "backbone" => rates.Backbone,
        "rpn" => rates.Rpn,
        "roi_heads" or "fc6" or "fc7" or "cls_score" => rates.Roi,      // the last three are R-CNN's
        _ => 1,
    };
}
