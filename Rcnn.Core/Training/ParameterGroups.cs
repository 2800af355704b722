using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace Rcnn.Core.Training;

/// <summary>Builds the optimizer: one parameter group for each learning rate, frozen parameters left out.</summary>
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

        if (!(config.LearningRate > 0) || config.WeightDecay < 0 || config.ClipNorm < 0)
        {
            throw RcnnException.Usage(
                $"optimizer: learningRate {config.LearningRate} must be positive, weightDecay {config.WeightDecay} and clipNorm {config.ClipNorm} not negative");
        }

        var byRate = new List<(double Rate, List<(string Name, Parameter Parameter)> Members)>();
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            if (!parameter.requires_grad)
            {
                continue;
            }

            double rate = config.LearningRate * Factor(name, config.Rates);
            int i = byRate.FindIndex(group => group.Rate == rate);
            if (i < 0)
            {
                i = byRate.Count;
                byRate.Add((rate, []));
            }

            byRate[i].Members.Add((name, parameter));
        }

        if (byRate.Count == 0)
        {
            throw new RcnnException("nothing to train: every parameter of the model is frozen");
        }

        OptimizerHelper optimizer;
        try
        {
            optimizer = config.Kind == "sgd"
                ? SGD(
                    byRate.Select(g => new SGD.ParamGroup(Members(g.Members), new SGD.Options { LearningRate = g.Rate })).ToArray(),
                    config.LearningRate, config.Momentum, 0, config.WeightDecay, config.Nesterov)
                : AdamW(
                    byRate.Select(g => new AdamW.ParamGroup(Members(g.Members), new AdamW.Options { LearningRate = g.Rate })).ToArray(),
                    config.LearningRate, config.Beta1, config.Beta2, config.Eps, config.WeightDecay);
        }
        catch (ArgumentException e)
        {
            throw RcnnException.Usage("optimizer: " + e.Message);
        }

        return new ParameterGroups(optimizer, byRate.SelectMany(g => g.Members).ToList());
    }

    private static Parameter[] Members(List<(string Name, Parameter Parameter)> named) => named.Select(n => n.Parameter).ToArray();

    private static double Factor(string name, RateConfig rates) => name.Split('.')[0] switch
    {
        "backbone" => rates.Backbone,
        "rpn" => rates.Rpn,
        "roi_heads" => rates.Roi,
        _ => 1,
    };
}
