using System.Globalization;
using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>
/// Settings of a run that R-CNN of 2014 has no use for. Asked before a run is begun, as <see cref="Models.Backbones.BackboneCheck"/> is: what old runs have in their config.json stays readable.
/// </summary>
internal static class RcnnCheck
{
    private const string Measured = "rcnn is measured once, when its machines are there";

    /// <exception cref="RcnnException">A setting away from its default that would change nothing; names it and its value. Exit code 2.</exception>
    public static void Unused(TrainConfig config)
    {
        if (!DetectorFactory.IsClassic(config.Model))
        {
            return;
        }

        // The largest number says that there are no validations on the way, and so it is.
        Require(config.EvalEvery is 0 or int.MaxValue, "evalEvery", config.EvalEvery.ToString(CultureInfo.InvariantCulture), Measured, "0");
        Require(config.Stop.Patience is null, "stop.patience", Convert.ToString(config.Stop.Patience, CultureInfo.InvariantCulture)!, Measured, "null");
        Require(!config.ValidationLoss, "validationLoss", "true", Measured, "false");
        Require(config.Model.LossWeighting == "fixed", "model.lossWeighting", config.Model.LossWeighting, "rcnn has a single loss", "fixed");
    }

    private static void Require(bool usual, string field, string value, string reason, string expected)
    {
        if (!usual)
        {
            throw RcnnException.Usage($"{field}={value}: would change nothing, as {reason}; expected {expected}");
        }
    }
}
