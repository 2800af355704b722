using Rcnn.Core.Models.Assemblies;
using Rcnn.Core.Models.Backbones;

namespace Rcnn.Core.Models;

/// <summary>Detectors from configurations, and configurations by name.</summary>
public static class DetectorFactory
{
    public static IReadOnlyList<string> Assemblies { get; } = ["faster-rcnn-fpn", "faster-rcnn-c4", "mask-rcnn-fpn"];

    public static IReadOnlyList<string> BackboneNames { get; } =
        ["resnet18", "resnet34", "resnet50", "resnet101", "mobilenet_v2", "mobilenet_v3_large"];

    /// <summary>Builds the detector with random weights: the same (config, seed) gives the same weights on every machine.</summary>
    /// <exception cref="RcnnException">A name, size or combination that cannot be built; names the field.</exception>
    public static TwoStageDetector Create(DetectorConfig config, long seed)
    {
        Check(config);
        TwoStageDetector detector = config.Assembly switch
        {
            "faster-rcnn-fpn" => FasterRcnnFpn.Create(config),
            "faster-rcnn-c4" => FasterRcnnC4.Create(config),
            "mask-rcnn-fpn" => MaskRcnnFpn.Create(config),
            _ => throw UnknownAssembly(config.Assembly),
        };
        RandomWeights.Fill(detector, seed);
        MemoryLayout.Arrange(detector);
        return detector;
    }

    /// <summary>
    /// The usual configuration of an assembly with a backbone. <c>faster-rcnn-fpn</c> with resnet50 is torchvision's
    /// fasterrcnn_resnet50_fpn, with mobilenet_v3_large its fasterrcnn_mobilenet_v3_large_320_fpn; <c>faster-rcnn-c4</c> with
    /// mobilenet_v2 is a small detector for images of 320 pixels that trains in minutes on two cores.
    /// </summary>
    /// <param name="classes">Classes with background.</param>
    public static DetectorConfig Preset(string assembly, string backbone, int classes)
    {
        if (!BackboneNames.Contains(backbone))
        {
            throw RcnnException.Usage($"--backbone: one of {string.Join(", ", BackboneNames)} expected, got '{backbone}'");
        }

        var plain = new DetectorConfig { Assembly = assembly, Classes = classes, Backbone = new() { Name = backbone } };
        return (assembly, backbone) switch
        {
            ("faster-rcnn-fpn" or "mask-rcnn-fpn", "mobilenet_v3_large") => Mobile320(plain),
            ("faster-rcnn-fpn" or "mask-rcnn-fpn", "mobilenet_v2") => MobileFpn(plain),
            ("faster-rcnn-fpn" or "mask-rcnn-fpn", _) => plain,
            ("faster-rcnn-c4", "mobilenet_v2" or "mobilenet_v3_large") => SmallSingleMap(plain),
            ("faster-rcnn-c4", _) => SingleMap(plain),
            _ => throw UnknownAssembly(assembly),
        };
    }

    private static DetectorConfig MobileFpn(DetectorConfig config) => config with
    {
        Rpn = config.Rpn with { Anchors = new() { Sizes = [[32, 64, 128, 256, 512], [32, 64, 128, 256, 512], [32, 64, 128, 256, 512]] } },
    };

    private static DetectorConfig Mobile320(DetectorConfig config)
    {
        DetectorConfig fpn = MobileFpn(config);
        return fpn with
        {
            Input = fpn.Input with { MinSize = 320, MaxSize = 640 },
            Rpn = fpn.Rpn with { PreNmsTest = 150, PostNmsTest = 150, ScoreThreshold = 0.05 },
        };
    }

    private static DetectorConfig SingleMap(DetectorConfig config) => config with
    {
        Backbone = config.Backbone with { Fpn = false, LastBlock = 3 },
        Rpn = config.Rpn with { Anchors = new() { Sizes = [[32, 64, 128, 256, 512]] } },
        Roi = config.Roi with { Levels = ["0"] },
    };

    private static DetectorConfig SmallSingleMap(DetectorConfig config) => config with
    {
        Input = config.Input with { MinSize = 240, MaxSize = 320 },
        Backbone = config.Backbone with { Fpn = false, LastBlock = config.Backbone.Name == "mobilenet_v2" ? 13 : 12, FreezeStages = 2 },
        Rpn = config.Rpn with
        {
            Anchors = new() { Sizes = [[32, 64, 128, 192]] },
            PreNmsTrain = 600,
            PostNmsTrain = 200,
            PreNmsTest = 300,
            PostNmsTest = 100,
            BatchPerImage = 128,
        },
        Roi = config.Roi with { Levels = ["0"], HeadWidth = 256, BatchPerImage = 64 },
    };

    private static void Check(DetectorConfig config)
    {
        if (config.Classes < 2)
        {
            throw RcnnException.Usage($"classes: 2 or more expected (background and one), got {config.Classes}");
        }

        if (config.Input.MinSize < 1 || config.Input.MaxSize < config.Input.MinSize)
        {
            throw RcnnException.Usage($"input.minSize, input.maxSize: 1 ≤ min ≤ max expected, got {config.Input.MinSize}, {config.Input.MaxSize}");
        }

        if (config.Input.SizeDivisible < 1)
        {
            throw RcnnException.Usage($"input.sizeDivisible: 1 or more expected, got {config.Input.SizeDivisible}");
        }

        if (config.Input.Mean.Length != 3 || config.Input.Std.Length != 3)
        {
            throw RcnnException.Usage($"input.mean, input.std: three values each expected, got {config.Input.Mean.Length}, {config.Input.Std.Length}");
        }

        if (config.Rpn.Anchors.Sizes.Any(s => s.Length != config.Rpn.Anchors.Sizes[0].Length))
        {
            throw RcnnException.Usage("rpn.anchors.sizes: as many sizes on every level expected, as the levels share one head");
        }
    }

    private static RcnnException UnknownAssembly(string name) =>
        RcnnException.Usage($"--model: one of {string.Join(", ", Assemblies)} expected, got '{name}'");
}
