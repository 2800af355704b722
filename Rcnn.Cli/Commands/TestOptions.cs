using System.CommandLine;
using System.Globalization;
using Rcnn.Core;
using Rcnn.Core.Models;

namespace Rcnn.Cli.Commands;

/// <summary>Options of how a trained detector looks at images, for <c>rcnn eval</c> and <c>rcnn detect</c>.</summary>
internal sealed class TestOptions
{
    private readonly Option<string?> _scales = new("--scales") { Description = "Look at the image in several sizes: factors on the input size, such as 0.8,1,1.2.", HelpName = "S,S,…" };
    private readonly Option<bool> _flip = new("--flip") { Description = "Look at the mirrored image too." };
    private readonly Option<string?> _fusion = new("--fusion") { Description = "How detections of several copies become one: nms, soft-nms, wbf (weighted box fusion), or pyramid (fast-rcnn: each region in the scale where it is nearest to 224² pixels); nms when left out.", HelpName = "F" };
    private readonly Option<double?> _threshold = new("--fusion-iou") { Description = "IoU above which boxes of two copies are one object.", HelpName = "T" };

    private readonly Option<string?> _svd = new("--svd") { Description = "Truncate the head's fully connected layers to these ranks, or parts of the full rank.", HelpName = "fc6=T,fc7=T" };

    public void AddTo(Command command)
    {
        command.Options.Add(_scales);
        command.Options.Add(_flip);
        command.Options.Add(_fusion);
        command.Options.Add(_threshold);
        command.Options.Add(_svd);
    }

    /// <exception cref="RcnnException">A value that is no number, or fusion of one copy.</exception>
    public TestAugmentation Augmentation(ParseResult parsed)
    {
        double[] scales = parsed.GetValue(_scales) is { } list ? [.. list.Split(',').Select(Scale)] : [1];
        bool flip = parsed.GetValue(_flip);
        (string? fusion, double? threshold) = (parsed.GetValue(_fusion), parsed.GetValue(_threshold));
        return scales.Length == 1 && !flip && (fusion is not null || threshold is not null)
            ? throw RcnnException.Usage("--fusion, --fusion-iou: several copies expected, by --flip or two or more --scales, got one")
            : new TestAugmentation { Scales = scales, Flip = flip, Fusion = fusion ?? "nms", Threshold = threshold };
    }

    public FullyConnectedRanks? Svd(ParseResult parsed) => parsed.GetValue(_svd) is { } text ? FullyConnectedRanks.Parse(text) : null;

    private static double Scale(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value
            : throw RcnnException.Usage($"--scales: numbers such as 0.8,1,1.2 expected, got '{text}'");
}
