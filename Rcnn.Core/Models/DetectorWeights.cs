using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Rcnn.Core.Models;

/// <summary>
/// Weights by name into a detector: whole detectors in torchvision's layout, those saved before its version 0.13 included, and
/// ImageNet classifiers, whose feature layers go into the backbone.
/// </summary>
public static partial class DetectorWeights
{
    /// <summary>What happened to the names of a file.</summary>
    /// <param name="Loaded">Entries copied.</param>
    /// <param name="Missing">Names of the detector that keep their value.</param>
    /// <param name="Unused">Names of the file that the detector does not have.</param>
    public sealed record Report(int Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unused);

    /// <summary>A detector's file fills every name; a classifier's file fills the backbone. Tells them apart by their names.</summary>
    /// <param name="source">Name in messages.</param>
    /// <exception cref="RcnnException">A name is missing, unknown or of another shape; names the first.</exception>
    public static Report Load(TwoStageDetector detector, IReadOnlyDictionary<string, Tensor> weights, string source) =>
        weights.Keys.Any(k => k.StartsWith("backbone.", StringComparison.Ordinal))
            ? LoadDetector(detector, weights, source)
            : LoadBackbone(detector, weights, source);

    /// <summary>Fills every parameter and buffer; learnt weights of the losses may be missing and then start anew.</summary>
    /// <inheritdoc cref="Load"/>
    public static Report LoadDetector(TwoStageDetector detector, IReadOnlyDictionary<string, Tensor> weights, string source)
    {
        Dictionary<string, Tensor> own = detector.state_dict();
        var renamed = weights.Where(w => own.ContainsKey(CurrentName(w.Key)) || !IsCounter(w.Key)).ToDictionary(w => CurrentName(w.Key), w => w.Value);
        Report report = Copy(own, renamed, source);
        string[] missing = [.. report.Missing.Where(n => !IsCounter(n) && !n.StartsWith("loss_weights.", StringComparison.Ordinal))];
        if (missing.Length > 0)
        {
            throw new RcnnException($"{source}: {missing.Length} of {own.Count} weights are missing, the first is {missing[0]}");
        }

        return report.Unused.Count == 0
            ? report
            : throw new RcnnException($"{source}: {report.Unused.Count} weights do not belong to this detector, the first is {report.Unused[0]}");
    }

    /// <summary>
    /// Fills the backbone's body from a classifier, and the layers of the classifier that the region head goes on with: a ResNet's last stage, the fully
    /// connected layers of VGG and AlexNet where the sizes agree. The rest of the detector stays as it is.
    /// </summary>
    /// <inheritdoc cref="Load"/>
    public static Report LoadBackbone(TwoStageDetector detector, IReadOnlyDictionary<string, Tensor> weights, string source)
    {
        Dictionary<string, Tensor> own = detector.state_dict();
        string prefix = own.Keys.Any(k => k.StartsWith("backbone.body.", StringComparison.Ordinal)) ? "backbone.body." : "backbone.";
        var body = own.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal) || e.Key.StartsWith(LastStage, StringComparison.Ordinal))
            .ToDictionary(e => e.Key, e => e.Value);
        foreach ((string name, Tensor value) in weights)
        {
            if (own.TryGetValue(Full(name), out Tensor? layer) && layer.shape.SequenceEqual(value.shape))
            {
                body[Full(name)] = layer;
            }
        }

        var renamed = weights.Where(w => body.ContainsKey(Place(w.Key)) || !IsCounter(w.Key)).ToDictionary(w => Place(w.Key), w => w.Value);
        Report report = Copy(body, renamed, source);
        string[] missing = [.. report.Missing.Where(n => !IsCounter(n))];
        return missing.Length == 0
            ? report
            : throw new RcnnException($"{source}: {missing.Length} of {body.Count} backbone weights are missing, the first is {ShortName(missing[0])}");

        string Place(string name)
        {
            string last = "roi_heads.box_head." + name;
            return body.ContainsKey(Full(name)) ? Full(name) : body.ContainsKey(last) ? last : prefix + FeatureName(name);
        }

        string Full(string name) => FullyConnected(detector.Config.Backbone.Name, name);

        string ShortName(string name) => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name["roi_heads.box_head.".Length..];
    }

    /// <summary>The name that torchvision gives today to a weight saved before its version 0.13.</summary>
    public static string CurrentName(string name)
    {
        name = PyramidBlock().Replace(name, "$1.0.$2");
        name = ProposalConvolution().Replace(name, "rpn.head.conv.0.0.$1");
        return MaskConvolution().Replace(name, m => $"roi_heads.mask_head.{int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) - 1}.0.");
    }

    /// <summary>
    /// All weights under the names of before torchvision 0.13. Parts that did not exist then (convolutions with normalisation, a second convolution
    /// in the proposal head) keep today's.
    /// </summary>
    public static IReadOnlyDictionary<string, Tensor> WithOldNames(IReadOnlyDictionary<string, Tensor> weights)
    {
        bool Has(string name) => weights.ContainsKey(name);
        return weights.ToDictionary(w => Old(w.Key), w => w.Value);

        string Old(string name)
        {
            if (PyramidConvolution().Match(name) is { Success: true } pyramid && !Has(pyramid.Groups[1].Value + ".1.weight"))
            {
                return $"{pyramid.Groups[1].Value}.{pyramid.Groups[2].Value}";
            }

            if (name.StartsWith("rpn.head.conv.0.0.", StringComparison.Ordinal) && !Has("rpn.head.conv.1.0.weight"))
            {
                return "rpn.head.conv." + name["rpn.head.conv.0.0.".Length..];
            }

            return MaskLayer().Match(name) is { Success: true } mask && !Has($"roi_heads.mask_head.{mask.Groups[1].Value}.1.weight")
                ? $"roi_heads.mask_head.mask_fcn{int.Parse(mask.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) + 1}.{mask.Groups[2].Value}"
                : name;
        }
    }

    private const string LastStage = "roi_heads.box_head.layer4.";

    /// <summary>Where a layer of a classifier's two fully connected ones goes in the region head, or the name as it is.</summary>
    private static string FullyConnected(string backbone, string name)
    {
        (string fc6, string fc7) = backbone == "alexnet" ? ("classifier.1.", "classifier.4.")
            : backbone.StartsWith("vgg", StringComparison.Ordinal) ? ("classifier.0.", "classifier.3.") : ("-", "-");
        return name.StartsWith(fc6, StringComparison.Ordinal) ? "roi_heads.box_head.fc6." + name[fc6.Length..]
            : name.StartsWith(fc7, StringComparison.Ordinal) ? "roi_heads.box_head.fc7." + name[fc7.Length..] : name;
    }

    private static string FeatureName(string name) => name.StartsWith("features.", StringComparison.Ordinal) ? name["features.".Length..] : name;

    // How many batches the statistics have seen: frozen normalisation has none, and nothing reads it.
    private static bool IsCounter(string name) => name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);

    private static Report Copy(Dictionary<string, Tensor> own, Dictionary<string, Tensor> weights, string source)
    {
        using IDisposable noGradient = no_grad();
        List<string> unused = [];
        foreach ((string name, Tensor value) in weights)
        {
            if (own.TryGetValue(name, out Tensor? target) && !target.shape.SequenceEqual(value.shape))
            {
                throw new RcnnException($"{source}: {name}: [{string.Join(",", target.shape)}] expected, got [{string.Join(",", value.shape)}]");
            }
        }

        foreach ((string name, Tensor value) in weights)
        {
            if (own.TryGetValue(name, out Tensor? target))
            {
                target.copy_(value);
            }
            else
            {
                unused.Add(name);
            }
        }

        return new Report(weights.Count - unused.Count, [.. own.Keys.Where(k => !weights.ContainsKey(k))], unused);
    }

    [GeneratedRegex(@"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$")]
    private static partial Regex PyramidBlock();

    [GeneratedRegex(@"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.0\.(weight|bias)$")]
    private static partial Regex PyramidConvolution();

    [GeneratedRegex(@"^roi_heads\.mask_head\.(\d+)\.0\.(weight|bias)$")]
    private static partial Regex MaskLayer();

    [GeneratedRegex(@"^rpn\.head\.conv\.(weight|bias)$")]
    private static partial Regex ProposalConvolution();

    [GeneratedRegex(@"^roi_heads\.mask_head\.mask_fcn(\d+)\.")]
    private static partial Regex MaskConvolution();
}
