using System.Globalization;
using Rcnn.Core.Data.Synthetic;

namespace Rcnn.Core.Data;

/// <summary>Opens a dataset by the text a user gives: <c>voc:DIR[:SPLIT]</c>, <c>coco:JSON,IMAGEDIR</c> or <c>synthetic[:PRESET][:SPLIT][:COUNT]</c>, with <c>@N</c> behind it for the first N images.</summary>
public static class DatasetFactory
{
    private const string Forms = "voc:DIR[:SPLIT], coco:JSON,IMAGEDIR or synthetic[:easy|:hard][:train|:val|:test][:COUNT]";

    /// <summary>Opens <paramref name="spec"/>.</summary>
    /// <param name="spec">As above.</param>
    /// <param name="classNames">The classes in the order of their labels, so that validation data is numbered as the training data was; null
    /// takes the dataset's own.</param>
    /// <exception cref="RcnnException">Unknown form, missing folder or file, classes other than a synthetic dataset's.</exception>
    public static IDetectionDataset Open(string spec, IReadOnlyList<string>? classNames = null)
    {
        int at = spec.LastIndexOf('@');
        if (at >= 0 && spec[(at + 1)..] is { Length: > 0 } digits && digits.All(char.IsAsciiDigit) && !Path.Exists(spec[(spec.LastIndexOfAny([':', ',']) + 1)..]))
        {
            return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
                ? new FirstImages(Open(spec[..at], classNames), count, spec)
                : throw RcnnException.Usage($"data '{spec}': a number of images from 1 on expected after @, got {digits}");
        }

        (string scheme, string rest) = spec.Split(':', 2) is [var s, var r] ? (s, r) : (spec, "");
        return scheme switch
        {
            "voc" => OpenVoc(spec, rest, classNames),
            "coco" => OpenCoco(spec, rest, classNames),
            "synthetic" => OpenSynthetic(spec, rest, classNames),
            _ => throw RcnnException.Usage($"data '{spec}' is none of {Forms}"),
        };
    }

    private static FileDataset OpenVoc(string spec, string rest, IReadOnlyList<string>? classNames)
    {
        if (rest.Length == 0)
        {
            throw RcnnException.Usage($"data '{spec}': a folder is missing, voc:DIR[:SPLIT]");
        }

        int colon = rest.LastIndexOf(':');
        return colon < 0 || Directory.Exists(rest)
            ? VocReader.Open(rest, null, classNames, spec)
            : VocReader.Open(rest[..colon], rest[(colon + 1)..], classNames, spec);
    }

    private static FileDataset OpenCoco(string spec, string rest, IReadOnlyList<string>? classNames)
    {
        int comma = rest.LastIndexOf(',');
        return comma > 0 && comma < rest.Length - 1
            ? CocoReader.Open(rest[..comma], rest[(comma + 1)..], classNames, spec)
            : throw RcnnException.Usage($"data '{spec}': coco:JSON,IMAGEDIR expected");
    }

    private static SyntheticDataset OpenSynthetic(string spec, string rest, IReadOnlyList<string>? classNames)
    {
        SceneOptions options = SceneOptions.Standard;
        string split = "train";
        int? count = null;
        foreach (string part in rest.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part)
            {
                case "easy":
                    options = SceneOptions.Easy;
                    break;
                case "hard":
                    options = SceneOptions.Hard;
                    break;
                case "standard":
                    break;
                case "train" or "val" or "test":
                    split = part;
                    break;
                default:
                    count = int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0
                        ? n
                        : throw RcnnException.Usage($"data '{spec}': '{part}' is neither a preset (easy, standard, hard), a split (train, val, test) nor a number of images");
                    break;
            }
        }

        var dataset = new SyntheticDataset(options, split, count ?? (split == "train" ? 600 : 150));
        return classNames is null || classNames.SequenceEqual(dataset.ClassNames)
            ? dataset
            : throw RcnnException.Usage($"data '{spec}' has the classes {string.Join(", ", dataset.ClassNames)}, not {string.Join(", ", classNames)}");
    }
}
