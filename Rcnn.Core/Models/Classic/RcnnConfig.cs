namespace Rcnn.Core.Models.Classic;

/// <summary>The constants of R-CNN (Girshick et al. 2014, §2 and appendices A–C), each a setting below <c>model.rcnn</c>.</summary>
public sealed record RcnnConfig
{
    /// <summary>Side of a warped region, pixels; 227 for AlexNet in the paper.</summary>
    public int WarpSize { get; init; } = 227;

    /// <summary>Context around a region, pixels at the size of the warped region.</summary>
    public int Context { get; init; } = 16;

    /// <summary>The layer that the classifier sees: pool (the last map, pooled to model.roi.poolSize), fc6 or fc7.</summary>
    public string Layer { get; init; } = "pool";

    /// <summary>Whether the network has the fully connected layers fc6 and fc7, of model.roi.headWidth.</summary>
    public bool FullyConnected { get; init; }

    /// <summary>Part of fc6's and fc7's numbers that a step of fine-tuning sets to 0, from 0 to below 1.</summary>
    public double Dropout { get; init; } = 0.5;

    /// <summary>Whether the network is trained on warped regions first; without, its layers stay as they came.</summary>
    public bool FineTune { get; init; } = true;

    /// <summary>svm: linear machines on the features; softmax: the network's own classifier.</summary>
    public string Classifier { get; init; } = "svm";

    /// <summary>Whether boxes are corrected by a regression of each class.</summary>
    public bool BoxRegression { get; init; } = true;

    /// <summary>Warped regions that go through the network at a time.</summary>
    public int Chunk { get; init; } = 64;

    public FineTuneConfig Sampling { get; init; } = new();

    public SvmConfig Svm { get; init; } = new();

    public BoxRidgeConfig Box { get; init; } = new();

    /// <exception cref="RcnnException">A value out of range; names setting and value. Exit code 2.</exception>
    internal void Validate()
    {
        Require(Context >= 0 && WarpSize > 2 * Context, "context", $"{Context}", $"0 to below half of warpSize ({WarpSize})");
        Require(Layer is "pool" or "fc6" or "fc7", "layer", Layer, "pool, fc6 or fc7");
        Require(Layer == "pool" || FullyConnected, "layer", Layer, "pool, as the network has no fully connected layers (model.rcnn.fullyConnected)");
        Require(Classifier is "svm" or "softmax", "classifier", Classifier, "svm or softmax");
        Require(Classifier == "svm" || FineTune, "fineTune", "false", "true with softmax, whose classifier is trained then");
        Require(Chunk > 0, "chunk", $"{Chunk}", "1 or more");
        Require(Sampling is { Foreground: > 0, Background: >= 0 }, "sampling", $"{Sampling}", "at least one foreground region");
        Require(Svm is { C: > 0, PositiveWeight: > 0, FeatureNorm: > 0, RetrainAfter: > 0, Epochs: > 0, Tolerance: > 0, MaxPasses: > 0 }, "svm", $"{Svm}", "positive values");
        Require(Box.Lambda > 0, "box.lambda", $"{Box.Lambda}", "a positive number");
        Require(Box.WhiteningFloor > 0, "box.whiteningFloor", $"{Box.WhiteningFloor}", "a positive number");
        Require(Dropout is >= 0 and < 1, "dropout", $"{Dropout}", "0 to below 1");
    }

    private static void Require(bool valid, string name, string value, string expected)
    {
        if (!valid)
        {
            throw RcnnException.Usage($"model.rcnn.{name}={value}: expected {expected}");
        }
    }
}

/// <summary>Regions of one step of fine-tuning (§2.3).</summary>
public sealed record FineTuneConfig
{
    public int Foreground { get; init; } = 32;

    public int Background { get; init; } = 96;

    /// <summary>Foreground from this IoU with an object on.</summary>
    public double ForegroundIou { get; init; } = 0.5;
}

/// <summary>Linear machines and the mining of hard negatives (§2.3, appendix B, and the released code).</summary>
public sealed record SvmConfig
{
    public double C { get; init; } = 1e-3;

    /// <summary>Value of the constant feature that stands for the offset.</summary>
    public double BiasFeature { get; init; } = 10;

    /// <summary>Weight of the loss of objects against that of negatives.</summary>
    public double PositiveWeight { get; init; } = 2;

    /// <summary>Features are scaled so that their mean norm over the training regions is this.</summary>
    public double FeatureNorm { get; init; } = 20;

    /// <summary>Negatives lie below this IoU with every object of the class.</summary>
    public double NegativeIou { get; init; } = 0.3;

    /// <summary>A negative above this margin is hard.</summary>
    public double HardMargin { get; init; } = -1.0001;

    /// <summary>After each training, negatives below this margin are forgotten.</summary>
    public double EvictMargin { get; init; } = -1.2;

    /// <summary>A machine is trained again after this many new negatives.</summary>
    public int RetrainAfter { get; init; } = 2000;

    /// <summary>Passes over the images.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Largest violation of the optimality conditions at which a training ends.</summary>
    public double Tolerance { get; init; } = 0.01;

    /// <summary>Passes over the samples at the most.</summary>
    public int MaxPasses { get; init; } = 1000;
}

/// <summary>Box regression (appendix C).</summary>
public sealed record BoxRidgeConfig
{
    /// <summary>Learns from proposals above this IoU with an object.</summary>
    public double MinIou { get; init; } = 0.6;

    public double Lambda { get; init; } = 1000;

    /// <summary>Added to the variances that whiten the targets, so that targets that hardly vary are not blown up; the released code's.</summary>
    public double WhiteningFloor { get; init; } = 0.001;
}
