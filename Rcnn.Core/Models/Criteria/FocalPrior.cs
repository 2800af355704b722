using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Models.Criteria;

/// <summary>
/// Biases of random heads that learn by a focal loss: every sample starts as foreground with probability π = <see cref="ClassLossConfig.FocalPrior"/> (Lin et al. 2017, §4.1). Sigmoid:
/// b = −ln((1 − π)/π) for each logit. Softmax over C classes and background: background starts at 1 − π, each class at π/C, by b = ln(C(1 − π)/π) for background and 0 for the classes.
/// </summary>
internal static class FocalPrior
{
    /// <summary>Sets the biases of the heads whose loss is focal; the others, and all other weights, stay.</summary>
    public static void Apply(TwoStageDetector detector)
    {
        using IDisposable noGradient = no_grad();
        DetectorConfig config = detector.Config;
        if (config.Rpn.ClassLoss is { Kind: "focal-sigmoid", FocalPrior: { } anchors })
        {
            foreach ((string name, Parameter bias) in detector.named_parameters())
            {
                if (name.StartsWith("rpn.", StringComparison.Ordinal) && name.EndsWith("cls_logits.bias", StringComparison.Ordinal))
                {
                    bias.fill_(Logit(anchors));
                }
            }
        }

        if (config.Roi.ClassLoss is { FocalPrior: { } regions } loss && loss.Kind is "focal-sigmoid" or "focal-softmax")
        {
            Parameter bias = detector.named_parameters().Single(p => p.name == "roi_heads.box_predictor.cls_score.bias").parameter;
            bool sigmoid = config.Roi.ClassLoss.Kind == "focal-sigmoid";
            bias.fill_(sigmoid ? Logit(regions) : 0);
            bias[0] = (float)(sigmoid ? 0 : Math.Log(config.Classes - 1) - Logit(regions));
        }
    }

    private static double Logit(double probability) => -Math.Log((1 - probability) / probability);
}
