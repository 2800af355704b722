using Rcnn.Core.Data.Proposals;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Settings;

namespace Rcnn.Core.Training;

/// <summary>What can be said about a configuration before any work.</summary>
public static class ConfigCheck
{
    /// <exception cref="RcnnException">A value out of range; names setting, value and what is expected. Exit code 2.</exception>
    public static void Validate(TrainConfig config)
    {
        SettingsCheck.Run(config, "");
        DetectorCheck.Run(config.Model);
        if (config.Procedure == "alternating" && (config.Parts.Length > 0 || DetectorFactory.NeedsProposals(config.Model)))
        {
            throw RcnnException.Usage("procedure=alternating: expected a model with a proposal network, and no parts");
        }

        TrainSizes(config.Model.Input);
        if (config.BestMetric == "loss" && (!config.ValidationLoss || DetectorFactory.IsClassic(config.Model)))
        {
            throw RcnnException.Usage($"bestMetric=loss: expected {(DetectorFactory.IsClassic(config.Model) ? $"a metric of detections, {config.Model.Assembly} is validated after training" : "validationLoss=true with it")}");
        }

        if (config.BestMetric.StartsWith("mask/", StringComparison.Ordinal) && !DetectorFactory.NeedsMasks(config.Model))
        {
            throw RcnnException.Usage($"bestMetric={config.BestMetric}: {config.Model.Assembly} has no masks");
        }

        if (config.Optimizer is { Kind: "sgd", Nesterov: true, Momentum: 0 })
        {
            throw RcnnException.Usage("optimizer.nesterov=true: expected false with optimizer.momentum=0");
        }

        ComputeDevice.Validate(config.Device);
        if (DetectorFactory.NeedsProposals(config.Model) && config.Data.Proposals is { Method: null, File: null })
        {
            throw RcnnException.Usage($"data.proposals: {config.Model.Assembly} takes its regions from outside; set data.proposals.method or data.proposals.file");
        }

        if (config.Data.Proposals.Method is { } method)
        {
            _ = ProposalMethods.Create(method, config.Data.Proposals.SelectiveSearch);
        }
        else if (!config.Data.Proposals.SelectiveSearch.IsDefault)
        {
            throw RcnnException.Usage($"data.proposals.selectiveSearch:{config.Data.Proposals.SelectiveSearch.Suffix()}: nothing expected without data.proposals.method");
        }

        if (DetectorFactory.IsClassic(config.Model))
        {
            config.Model.Rcnn.Validate();
        }

        if (config.Data.Classes.Length > 0 && config.Model.Classes != config.Data.Classes.Length + 1)
        {
            throw RcnnException.Usage(
                $"model.classes={config.Model.Classes}: the data has {config.Data.Classes.Length} classes, with background {config.Data.Classes.Length + 1}");
        }
    }

    /// <summary>What a new run must not have, but one of before may go on with.</summary>
    /// <exception cref="RcnnException">A setting without effect beside another; names both. Exit code 2.</exception>
    public static void New(TrainConfig config)
    {
        if (config.Model.Roi is { ClassLoss.Kind: "ohem", Sampler: not ("balanced" or "all") } roi)
        {
            throw RcnnException.Usage($"model.roi.sampler={roi.Sampler}: expected balanced or all with model.roi.classLoss.kind=ohem, which takes the hardest of all regions and no other sample");
        }
    }

    /// <exception cref="RcnnException">A setting of validation without anything to validate on; exit code 2.</exception>
    public static void Validation(TrainConfig config, bool given)
    {
        if (!given && (config.Stop.Patience is not null || config.ValidationLoss))
        {
            string setting = config.Stop.Patience is { } patience ? $"stop.patience={patience}" : "validationLoss=true";
            throw RcnnException.Usage($"{setting}: expected validation data with it (--val)");
        }
    }

    private static void TrainSizes(InputConfig input)
    {
        if (input.TrainSizes is not { } sizes)
        {
            return;
        }

        string given = $"model.input.trainSizes=[{string.Join(",", sizes)}]";
        if (sizes.Any(s => s > input.MaxSize))
        {
            throw RcnnException.Usage($"{given}: expected shorter sides of 1 to model.input.maxSize={input.MaxSize}");
        }

        if (input.TrainSizesKind == "range" && (sizes.Length != 2 || sizes[0] > sizes[1]))
        {
            throw RcnnException.Usage($"{given}: a range is two sides, low ≤ high; for a list set model.input.trainSizesKind=choice");
        }

        if (input.FixedSize is not null)
        {
            throw RcnnException.Usage($"{given}: has no effect with model.input.fixedSize; set one of them");
        }
    }
}
