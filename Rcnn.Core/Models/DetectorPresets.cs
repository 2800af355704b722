namespace Rcnn.Core.Models;

/// <summary>Usual configurations by name: an assembly with a backbone, or one of torchvision's detectors.</summary>
public static class DetectorPresets
{
    /// <summary>Names for <see cref="BackboneConfig.Name"/>.</summary>
    public static IReadOnlyList<string> Backbones { get; } =
    [
        "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
        "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small",
        "alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "squeezenet1_0", "squeezenet1_1",
    ];

    /// <summary>torchvision 0.14's detectors of this family, under its names; their checkpoints load into these configurations.</summary>
    public static IReadOnlyList<string> Torchvision { get; } =
    [
        "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn",
        "maskrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn_v2",
    ];

    /// <summary>
    /// The usual configuration of a model. <c>faster-rcnn-fpn</c> with resnet50 is torchvision's fasterrcnn_resnet50_fpn, with
    /// mobilenet_v3_large its fasterrcnn_mobilenet_v3_large_320_fpn. <c>faster-rcnn-c4</c> with a ResNet has its last stage as head, with a VGG or
    /// AlexNet their fully connected layers; with a MobileNet or SqueezeNet it is a small detector for images of 320 pixels that trains in
    /// minutes on two cores. <c>fast-rcnn</c> has the same shapes without the proposal network, and with a VGG or AlexNet the
    /// sampling and NMS of its paper.
    /// </summary>
    /// <param name="model">An assembly, or one of <see cref="Torchvision"/>.</param>
    /// <param name="backbone">Name, or null for the usual one.</param>
    /// <param name="classes">Classes with background.</param>
    /// <exception cref="RcnnException">An unknown name, or a backbone for a model that has its own.</exception>
    public static DetectorConfig Create(string model, string? backbone, int classes)
    {
        if (Torchvision.Contains(model))
        {
            DetectorConfig config = OfTorchvision(model, classes);
            return backbone is null || backbone == config.Backbone.Name
                ? config
                : throw RcnnException.Usage($"--backbone: {config.Backbone.Name} or nothing expected with --model {model}, got '{backbone}'");
        }

        if (!DetectorFactory.Assemblies.Contains(model))
        {
            throw UnknownModel(model);
        }

        if (model == "rcnn")
        {
            return Classic(backbone ?? "mobilenet_v2", classes);
        }

        bool singleMap = model is "fast-rcnn" or "faster-rcnn-c4";
        backbone ??= singleMap ? "mobilenet_v2" : "resnet50";
        if (!Backbones.Contains(backbone))
        {
            throw RcnnException.Usage($"--backbone: one of {string.Join(", ", Backbones)} expected, got '{backbone}'");
        }

        var plain = new DetectorConfig { Assembly = model, Classes = classes, Backbone = new() { Name = backbone } };
        bool residual = backbone.StartsWith("res", StringComparison.Ordinal), small = IsSmall(backbone);
        return singleMap
            ? residual ? ResidualSingleMap(plain) : small ? SmallSingleMap(plain) : PlainSingleMap(plain)
            : backbone == "mobilenet_v3_large" ? Mobile320(plain) : residual ? plain : Levels(plain, backbone.StartsWith("mobilenet", StringComparison.Ordinal) ? 3 : 4);
    }

    /// <summary>Networks made for little computation: their presets take small images and few regions.</summary>
    internal static bool IsSmall(string backbone) =>
        backbone.StartsWith("mobilenet", StringComparison.Ordinal) || backbone.StartsWith("squeezenet", StringComparison.Ordinal);

    internal static RcnnException UnknownModel(string name) =>
        RcnnException.Usage($"--model: one of {string.Join(", ", DetectorFactory.Assemblies.Concat(Torchvision))} expected, got '{name}'");

    private static DetectorConfig OfTorchvision(string name, int classes)
    {
        bool masks = name.StartsWith("mask", StringComparison.Ordinal);
        var config = new DetectorConfig { Assembly = masks ? "mask-rcnn-fpn" : "faster-rcnn-fpn", Classes = classes };
        return name switch
        {
            "fasterrcnn_mobilenet_v3_large_320_fpn" => Create(config.Assembly, "mobilenet_v3_large", classes),
            "fasterrcnn_mobilenet_v3_large_fpn" => MobileLarge(config),
            _ when name.EndsWith("_v2", StringComparison.Ordinal) => Second(config),
            _ => config,
        };
    }

    // Li et al. 2021: batch normalisation throughout, two convolutions in the proposal head, four and one layer in the region head.
    private static DetectorConfig Second(DetectorConfig config) => config with
    {
        Backbone = config.Backbone with { Norm = "bn", Pyramid = config.Backbone.Pyramid with { Norm = "bn" } },
        Rpn = config.Rpn with { ConvDepth = 2 },
        Roi = config.Roi with { Head = "conv-fc", HeadNorm = "bn", Mask = config.Roi.Mask with { Norm = "bn" } },
    };

    private static DetectorConfig MobileLarge(DetectorConfig config)
    {
        DetectorConfig levels = Levels(config with { Backbone = config.Backbone with { Name = "mobilenet_v3_large" } }, 3);
        return levels with { Rpn = levels.Rpn with { ScoreThreshold = 0.05 } };
    }

    private static DetectorConfig Mobile320(DetectorConfig config)
    {
        DetectorConfig large = MobileLarge(config);
        return large with
        {
            Input = large.Input with { MinSize = 320, MaxSize = 640 },
            Rpn = large.Rpn with { PreNmsTest = 150, PostNmsTest = 150 },
        };
    }

    /// <summary>The paper's shape for AlexNet and VGG; other networks have one pooled cell and no fully connected layers, small ones small regions.</summary>
    private static DetectorConfig Classic(string backbone, int classes)
    {
        if (!Backbones.Contains(backbone))
        {
            throw RcnnException.Usage($"--backbone: one of {string.Join(", ", Backbones)} expected, got '{backbone}'");
        }

        bool plain = backbone == "alexnet" || backbone.StartsWith("vgg", StringComparison.Ordinal), small = IsSmall(backbone);
        int? last = backbone switch
        {
            "mobilenet_v2" => 18,
            "mobilenet_v3_large" => 16,
            "mobilenet_v3_small" => 12,
            _ when backbone.StartsWith("res", StringComparison.Ordinal) => 4,
            _ => null,
        };
        return new DetectorConfig
        {
            Assembly = "rcnn",
            Classes = classes,
            Input = small ? new InputConfig { MinSize = 240, MaxSize = 320 } : new InputConfig(),
            Backbone = new BackboneConfig { Name = backbone, Fpn = false, LastBlock = last, FreezeStages = small ? 2 : 0 },
            Roi = new RoiConfig { PoolSize = backbone == "alexnet" ? 6 : plain ? 7 : 1, HeadWidth = 4096, Levels = ["0"] },
            Output = new OutputConfig { ScoreThreshold = null, NmsThreshold = 0.3 },
            Rcnn = new() { WarpSize = small ? 128 : backbone == "alexnet" ? 227 : 224, FullyConnected = plain, Layer = plain ? "fc7" : "pool" },
        };
    }

    /// <summary>All sizes on each level, as torchvision has it where the levels are few.</summary>
    private static DetectorConfig Levels(DetectorConfig config, int levels) => config with
    {
        Rpn = config.Rpn with { Anchors = new() { Sizes = [.. Enumerable.Range(0, levels).Select(_ => new double[] { 32, 64, 128, 256, 512 })] } },
    };

    private static DetectorConfig ResidualSingleMap(DetectorConfig config)
    {
        DetectorConfig single = SingleMap(config);
        return single with
        {
            Backbone = single.Backbone with { LastBlock = 3 },
            Roi = single.Roi with { Head = "conv5", PoolSize = 14 },
        };
    }

    // The pooled region has the side that the network's own fully connected layers take: 7 cells, AlexNet's 6.
    private static DetectorConfig PlainSingleMap(DetectorConfig config)
    {
        DetectorConfig single = SingleMap(config);
        DetectorConfig plain = single with { Roi = single.Roi with { PoolSize = config.Backbone.Name == "alexnet" ? 6 : 7, HeadWidth = 4096 } };
        return plain.Assembly == "fast-rcnn" ? PaperSampling(plain) : plain;
    }

    /// <summary>Girshick 2015, §2.3: 64 regions of each of two images, a quarter of them foreground, background of IoU [0.1, 0.5); NMS of R-CNN at test (§3).</summary>
    private static DetectorConfig PaperSampling(DetectorConfig config) => config with
    {
        Roi = config.Roi with { BatchPerImage = 64, PositiveFraction = 0.25, ForegroundIou = 0.5, BackgroundIou = 0.5, BackgroundIouLow = 0.1 },
        Output = config.Output with { NmsThreshold = 0.3 },
    };

    private static DetectorConfig SingleMap(DetectorConfig config) => config with
    {
        Backbone = config.Backbone with { Fpn = false },
        Rpn = config.Rpn with { Anchors = new() { Sizes = [[32, 64, 128, 256, 512]] } },
        Roi = config.Roi with { Levels = ["0"] },
    };

    private static DetectorConfig SmallSingleMap(DetectorConfig config) => config with
    {
        Input = config.Input with { MinSize = 240, MaxSize = 320 },
        Backbone = config.Backbone with
        {
            Fpn = false,
            FreezeStages = 2,
            LastBlock = config.Backbone.Name switch
            {
                "mobilenet_v2" => 13,
                "mobilenet_v3_large" => 12,
                "mobilenet_v3_small" => 8,
                _ => null,
            },
        },
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
}
