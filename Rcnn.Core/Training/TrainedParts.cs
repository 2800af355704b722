using Rcnn.Core.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rcnn.Core.Training;

/// <summary>Training of some parts of a detector, the others fixed: <see cref="TrainConfig.Parts"/>.</summary>
internal static class TrainedParts
{
    private static readonly string[] Known = ["backbone", "rpn", "roi_heads"];

    /// <summary>Fixes the parameters of the parts that are not named. Nothing named trains everything.</summary>
    /// <exception cref="RcnnException">An unknown part, or a detector without it. Exit code 2.</exception>
    public static void Apply(TwoStageDetector detector, IReadOnlyList<string> parts)
    {
        string[] own = [.. detector.named_children().Select(c => c.name)];
        if (parts.FirstOrDefault(p => !own.Contains(p)) is { } unknown)
        {
            throw RcnnException.Usage($"parts: some of {string.Join(", ", own.Intersect(Known))} expected for {detector.Config.Assembly}, got '{unknown}'");
        }

        if (parts.Count > 0 && !parts.Contains("rpn") && !parts.Contains("roi_heads"))
        {
            throw RcnnException.Usage("parts: rpn, roi_heads or both expected, as nothing else has losses");
        }

        foreach ((string name, Parameter parameter) in detector.named_parameters())
        {
            if (IsFixed(name.Split('.')[0], parts))
            {
                parameter.requires_grad = false;
            }
        }
    }

    /// <summary>The stages whose losses count.</summary>
    public static Stages Stages(IReadOnlyList<string> parts) => parts.Count == 0
        ? Models.Stages.Both
        : (parts.Contains("rpn") ? Models.Stages.Proposals : 0) | (parts.Contains("roi_heads") ? Models.Stages.Regions : 0);

    /// <summary>Training mode for what is trained; fixed parts keep their running statistics.</summary>
    public static void EnterTraining(nn.Module model, IReadOnlyList<string> parts)
    {
        model.train();
        foreach ((string name, nn.Module child) in model.named_children())
        {
            if (IsFixed(name, parts))
            {
                child.eval();
            }
        }
    }

    /// <summary>Learnt weights of the losses always learn; those of losses that do not count get gradients of 0.</summary>
    private static bool IsFixed(string part, IReadOnlyList<string> parts) => parts.Count > 0 && part != TwoStageDetector.LossWeightsPart && !parts.Contains(part);
}
