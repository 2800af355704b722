namespace Rcnn.Core.Models;

/// <summary>
/// Everything that shapes a two-stage detector, nested like the model. The defaults are torchvision's Faster R-CNN ResNet-50 FPN;
/// a variant is <c>baseline with { … }</c>. Written into every run.
/// </summary>
public sealed record DetectorConfig
{
    /// <summary>rcnn, fast-rcnn, faster-rcnn-fpn, faster-rcnn-c4 or mask-rcnn-fpn.</summary>
    public string Assembly { get; init; } = "faster-rcnn-fpn";

    /// <summary>Number of classes with background: C + 1.</summary>
    public int Classes { get; init; } = 91;

    public InputConfig Input { get; init; } = new();
    public BackboneConfig Backbone { get; init; } = new();
    public RpnConfig Rpn { get; init; } = new();
    public RoiConfig Roi { get; init; } = new();
    public OutputConfig Output { get; init; } = new();

    /// <summary>R-CNN alone.</summary>
    public Classic.RcnnConfig Rcnn { get; init; } = new();

    /// <summary>fixed: the loss parts are added up with the weights given here; uncertainty: their weights are learnt (Kendall et al. 2018).</summary>
    public string LossWeighting { get; init; } = "fixed";

    /// <summary>
    /// <see cref="OutputConfig.ScoreThreshold"/>, or what suits the scores where that is null: 0.25 for the sigmoid of the margin of R-CNN's machines, which is a margin of −1.1; 0.05 for
    /// probabilities that add up to 1, its softmax among them.
    /// </summary>
    internal double ScoreThreshold => Output.ScoreThreshold ?? (Assembly == "rcnn" && Rcnn.Classifier == "svm" ? 0.25 : 0.05);
}

/// <summary>Resize, normalise, pad.</summary>
public sealed record InputConfig
{
    /// <summary>Length of the shorter side after resizing, pixels.</summary>
    public int MinSize { get; init; } = 800;

    /// <summary>Upper limit of the longer side, pixels.</summary>
    public int MaxSize { get; init; } = 1333;

    /// <summary>(height, width) to resize to whatever the shape, or null.</summary>
    public int[]? FixedSize { get; init; }

    /// <summary>In training MinSize and MaxSize are multiplied by one random factor a batch, uniform between these two; FixedSize is not.</summary>
    public double[] ScaleJitter { get; init; } = [1, 1];

    /// <summary>
    /// Shorter sides in training, drawn anew for each image in the place of MinSize, with MaxSize as it is (Detectron2's ResizeShortestEdge); then ScaleJitter has no effect.
    /// Null trains at MinSize.
    /// </summary>
    public int[]? TrainSizes { get; init; }

    /// <summary>range: TrainSizes are the smallest and the largest, every whole number between is as likely; choice: one of those listed.</summary>
    public string TrainSizesKind { get; init; } = "range";

    /// <summary>Padded sides are multiples of this.</summary>
    public int SizeDivisible { get; init; } = 32;

    /// <summary>Per channel, RGB in [0,1].</summary>
    public double[] Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>Per channel, RGB in [0,1]: what the difference from Mean is divided by.</summary>
    public double[] Std { get; init; } = [0.229, 0.224, 0.225];

    /// <summary>rgb, or bgr for weights that were trained so; Mean and Std stay in the order red, green, blue.</summary>
    public string Channels { get; init; } = "rgb";

    /// <summary>
    /// Corners x2, y2 of boxes inside the network: half-open, the first pixel outside; or inclusive, the last pixel inside, so that boxes enter one smaller, before they are
    /// scaled, and leave one larger, after they were scaled back.
    /// </summary>
    public string Corners { get; init; } = "half-open";

    /// <summary>
    /// float: normalised, then bilinear without antialiasing, side = ⌊side × scale⌋ (torchvision); pil: bytes, antialiased, side = ⌊side × scale + ½⌋ (Detectron2);
    /// cv2: bilinear without antialiasing, side × scale rounded half to even (py-faster-rcnn).
    /// </summary>
    public string Resize { get; init; } = "float";
}

public sealed record BackboneConfig
{
    /// <summary>One of <see cref="DetectorPresets.Backbones"/>; a ResNet of any other name takes Block and Layers.</summary>
    public string Name { get; init; } = "resnet50";

    /// <summary>frozen (statistics and affine fixed), bn, or gn.</summary>
    public string Norm { get; init; } = "frozen";

    /// <summary>ε below the root of the variance.</summary>
    public double NormEps { get; init; } = 1e-5;

    /// <summary>
    /// gn: groups of channels; where they do not divide a layer's channels, their largest divisor below. 32 fits every layer of a ResNet (Wu and He 2018); a MobileNet's layers of
    /// 16 or 24 channels have then as many groups, one channel each.
    /// </summary>
    public int NormGroups { get; init; } = 32;

    /// <summary>bn: weight of a batch's mean and variance in the running ones; null takes the network's usual one, 0.1, of a MobileNetV3 0.01.</summary>
    public double? NormMomentum { get; init; }

    /// <summary>Stages from the stem on that stay fixed in training, the statistics of their batch normalisation too; −1 freezes all.</summary>
    public int FreezeStages { get; init; }

    /// <summary>
    /// ResNets: keep only what goes into each stage for backward and compute the stage again there, which saves memory and costs one more forward pass of the
    /// backbone. Not with norm bn, whose statistics would count twice.
    /// </summary>
    public bool Checkpoint { get; init; }

    /// <summary>A feature pyramid on top; without, the detector works on one map.</summary>
    public bool Fpn { get; init; } = true;

    /// <summary>Channels of each level of the pyramid.</summary>
    public int FpnChannels { get; init; } = 256;

    public PyramidConfig Pyramid { get; init; } = new();

    /// <summary>ResNet: basic or bottleneck; null takes the one of Name.</summary>
    public string? Block { get; init; }

    /// <summary>ResNet: blocks per stage; null takes those of Name.</summary>
    public int[]? Layers { get; init; }

    /// <summary>ResNet: channels of the stem.</summary>
    public int BaseWidth { get; init; } = 64;

    /// <summary>MobileNet: width multiplier.</summary>
    public double WidthMultiplier { get; init; } = 1;

    /// <summary>MobileNetV3: half as many channels in the last stage.</summary>
    public bool ReducedTail { get; init; }

    /// <summary>Single-map models: the last stage or feature block taken (inclusive); null takes the usual one.</summary>
    public int? LastBlock { get; init; }
}

/// <summary>What the feature pyramid is made of. The defaults are the pyramid; each switch is a row of Lin et al. 2017, Table 1.</summary>
public sealed record PyramidConfig
{
    /// <summary>Add each level upsampled to the one below; without, each level sees its own stage only (Table 1 d).</summary>
    public bool TopDown { get; init; } = true;

    /// <summary>Add each stage to the path from above; without, finer levels are the coarsest one upsampled (Table 1 e).</summary>
    public bool Lateral { get; init; } = true;

    /// <summary>Give the finest level only, P2 of a ResNet (Table 1 f). Anchors then have one row, with the sizes of all levels in it.</summary>
    public bool FinestOnly { get; init; }

    /// <summary>
    /// Stages of the backbone with a level of their own, the last ones; null takes the usual number: 4 of a ResNet, 3 of AlexNet, VGG and SqueezeNet, 2 of a MobileNet as torchvision has it.
    /// Anchors have a row for each level.
    /// </summary>
    public int? Stages { get; init; }

    /// <summary>
    /// Which map of a MobileNet's stage becomes a level: first, that of the block that halves it, as torchvision has it; last, that of its last block, as Lin et al. 2017, §3 have it.
    /// Other backbones take the last.
    /// </summary>
    public string Tap { get; init; } = "first";

    /// <summary>Levels after the coarsest: pool (every second pixel), p6 or p6p7 (convolutions), or none. Anchors have a row for each.</summary>
    public string Extra { get; init; } = "pool";

    /// <summary>Normalisation after each convolution: none, bn, frozen or gn.</summary>
    public string Norm { get; init; } = "none";
}

public sealed record AnchorConfig
{
    /// <summary>Per level, side lengths in pixels of the resized image.</summary>
    public double[][] Sizes { get; init; } = [[32], [64], [128], [256], [512]];

    /// <summary>Height over width, the same on every level.</summary>
    public double[] AspectRatios { get; init; } = [0.5, 1.0, 2.0];

    /// <summary>half-even: corners rounded; none: as they come; caffe: py-faster-rcnn's, around the pixel (7.5, 7.5) with inclusive corners.</summary>
    public string Rounding { get; init; } = "half-even";

    /// <summary>Anchors of a cell: ratio-major (sizes inner) or size-major. The order of the proposal head's output channels.</summary>
    public string Order { get; init; } = "ratio-major";

    /// <summary>Pixels between cells: grid, the padded side over the map's, rounded down; fixed, the backbone's power of two.</summary>
    public string Stride { get; init; } = "grid";
}

/// <summary>Stage 1: proposals.</summary>
public sealed record RpnConfig
{
    public AnchorConfig Anchors { get; init; } = new();

    /// <summary>Per level, anchors of the highest scores that go into NMS, in training.</summary>
    public int PreNmsTrain { get; init; } = 2000;

    /// <summary>As PreNmsTrain, in detection.</summary>
    public int PreNmsTest { get; init; } = 1000;

    /// <summary>Proposals of an image, the best over all levels after NMS, in training.</summary>
    public int PostNmsTrain { get; init; } = 2000;

    /// <summary>As PostNmsTrain, in detection.</summary>
    public int PostNmsTest { get; init; } = 1000;

    /// <summary>IoU above which the proposal of the lower score goes, within a level.</summary>
    public double NmsThreshold { get; init; } = 0.7;

    /// <summary>An anchor with at least this IoU with an object is foreground.</summary>
    public double ForegroundIou { get; init; } = 0.7;

    /// <summary>An anchor below this IoU with every object is background; those between are neither.</summary>
    public double BackgroundIou { get; init; } = 0.3;

    /// <summary>The best anchors of an object are foreground however low their IoU. Ren et al. 2015, §3.1.2 (i).</summary>
    public bool LowQualityMatches { get; init; } = true;

    /// <summary>Anchors of an image that train.</summary>
    public int BatchPerImage { get; init; } = 256;

    /// <summary>Largest part of them that is foreground.</summary>
    public double PositiveFraction { get; init; } = 0.5;

    /// <summary>Proposals below this probability are dropped.</summary>
    public double ScoreThreshold { get; init; }

    /// <summary>Shortest side of a proposal, pixels. 0 keeps boxes without area.</summary>
    public double MinSize { get; init; } = 1e-3;

    /// <summary>MinSize counts in the image as it was given, not as it was resized; Caffe2015 with 16.</summary>
    public bool MinSizeOfOriginal { get; init; }

    /// <summary>Per level, proposals that leave NMS before the best of all levels are taken; null takes as many as there are.</summary>
    public int? PostNmsPerLevel { get; init; }

    /// <summary>Factors on the codes dx, dy, dw, dh.</summary>
    public double[] BoxWeights { get; init; } = [1, 1, 1, 1];

    /// <summary>half-open: a box is x2 − x1 wide; inclusive: x2 − x1 + 1, in the IoU of the matcher and in the codes.</summary>
    public string BoxExtent { get; init; } = "half-open";

    /// <summary>
    /// How proposals are clipped, filtered and suppressed: half-open, or inclusive, which clips to [0, W − 1] × [0, H − 1] and counts sides one longer, in MinSize and in the
    /// IoU of NMS.
    /// </summary>
    public string SelectionExtent { get; init; } = "half-open";

    /// <summary>A side grows at most by this factor; null: by any.</summary>
    public double? MaxGrowth { get; init; } = 1000.0 / 16;

    /// <summary>3×3 convolutions before the two predictors.</summary>
    public int ConvDepth { get; init; } = 1;

    /// <summary>One head for all levels; otherwise each has weights of its own. Lin et al. 2017, §4.1.</summary>
    public bool SharedHead { get; init; } = true;

    /// <summary>balanced: batchPerImage anchors, at most positiveFraction of them foreground; all: every anchor that is one or the other, as focal loss wants it.</summary>
    public string Sampler { get; init; } = "balanced";

    /// <summary>Anchors that leave the image do not train. Ren et al. 2015, §3.3.</summary>
    public bool DropOutsideAnchors { get; init; }

    public ClassLossConfig ClassLoss { get; init; } = new();
    public BoxLossConfig BoxLoss { get; init; } = new();

    /// <summary>Factor on loss_objectness.</summary>
    public double ObjectnessLossWeight { get; init; } = 1;

    /// <summary>Factor on loss_rpn_box_reg.</summary>
    public double BoxLossWeight { get; init; } = 1;
}

/// <summary>Stage 2: classification and refinement of regions.</summary>
public sealed record RoiConfig
{
    /// <summary>Feature levels pooled from ("0", "1", …); null takes all but the pooled top level.</summary>
    public string[]? Levels { get; init; }

    /// <summary>
    /// How a region becomes a grid, for boxes and masks: align (He et al. 2017), align-max (the largest sample instead of the mean), pool (the largest cell,
    /// corners rounded to whole cells; Girshick 2015, §2.1) or warp (Dai et al. 2016, §3.2).
    /// </summary>
    public string Pooling { get; init; } = "align";

    /// <summary>Cells of the pooled region along each axis.</summary>
    public int PoolSize { get; init; } = 7;

    /// <summary>Samples for each cell and axis; align and align-max take ⌈side / cells⌉ where it is 0, warp needs 1 or more, pool has none.</summary>
    public int SamplingRatio { get; init; } = 2;

    /// <summary>align and align-max: shift by half a cell of the map.</summary>
    public bool Aligned { get; init; }

    /// <summary>Box side s₀ in pixels that is pooled from level k₀. Lin et al. 2017, eq. 1.</summary>
    public double CanonicalSize { get; init; } = 224;

    /// <summary>k₀, counted as the stride's power of two: 4 is the level of stride 16.</summary>
    public int CanonicalLevel { get; init; } = 4;

    /// <summary>Where the small constant of eq. 1 sits: torchvision, ⌊k₀ + log₂(√area / s₀) + 10⁻⁶⌋, or detectron2, ⌊k₀ + log₂(√area / s₀ + 10⁻⁸)⌋.</summary>
    public string LevelFormula { get; init; } = "torchvision";

    /// <summary>Scale of each level: inferred, the power of two nearest to the map's side over the largest <b>unpadded</b> image's; fixed, the backbone's.</summary>
    public string LevelScale { get; init; } = "inferred";

    /// <summary>
    /// fc: two fully connected layers; conv-fc: HeadConvolutions and one fully connected layer (torchvision's _v2); conv5: the last stage of the
    /// ResNet and the mean over the region (He et al. 2016).
    /// </summary>
    public string Head { get; init; } = "fc";

    /// <summary>conv-fc: channels of the 3×3 convolutions.</summary>
    public int[] HeadConvolutions { get; init; } = [256, 256, 256, 256];

    /// <summary>conv-fc: normalisation after each convolution: none, bn, frozen or gn.</summary>
    public string HeadNorm { get; init; } = "none";

    /// <summary>Outputs of the fully connected layers.</summary>
    public int HeadWidth { get; init; } = 1024;

    /// <summary>fc: part of the outputs of both layers that a training step leaves out, 0.5 in Fast R-CNN (Girshick 2015; Caffe's VGG16). 0, as torchvision has it, leaves out none.</summary>
    public double Dropout { get; init; }

    /// <summary>The objects themselves are among the regions that stage 2 learns from.</summary>
    public bool AppendObjects { get; init; } = true;

    /// <summary>Regions of an image that train.</summary>
    public int BatchPerImage { get; init; } = 512;

    /// <summary>Largest part of them that is foreground.</summary>
    public double PositiveFraction { get; init; } = 0.25;

    /// <summary>A region with at least this IoU with an object is foreground.</summary>
    public double ForegroundIou { get; init; } = 0.5;

    /// <summary>A region below this IoU with every object is background.</summary>
    public double BackgroundIou { get; init; } = 0.5;

    /// <summary>Factors on the codes dx, dy, dw, dh.</summary>
    public double[] BoxWeights { get; init; } = [10, 10, 5, 5];

    /// <summary>As <see cref="RpnConfig.BoxExtent"/>; also the IoU of BackgroundIouLow and of iou-balanced.</summary>
    public string BoxExtent { get; init; } = "half-open";

    /// <summary>A side grows at most by this factor; null: by any.</summary>
    public double? MaxGrowth { get; init; } = 1000.0 / 16;

    /// <summary>balanced; class-balanced: as many regions of each class; iou-balanced: background spread over its IoUs (Pang et al. 2019); all.</summary>
    public string Sampler { get; init; } = "balanced";

    /// <summary>Background has at least this IoU with an object, where there is any such: 0.1 in Fast R-CNN. 0 takes all.</summary>
    public double BackgroundIouLow { get; init; }

    /// <summary>One refined box for all classes instead of one for each.</summary>
    public bool ClassAgnosticBoxes { get; init; }

    public ClassLossConfig ClassLoss { get; init; } = new();
    public BoxLossConfig BoxLoss { get; init; } = new();

    /// <summary>Factor on loss_classifier.</summary>
    public double ClassLossWeight { get; init; } = 1;

    /// <summary>Factor on loss_box_reg.</summary>
    public double BoxLossWeight { get; init; } = 1;

    /// <summary>The mask branch; only mask-rcnn-fpn has one.</summary>
    public MaskConfig Mask { get; init; } = new();
}

/// <summary>The mask branch of stage 2. He et al. 2017, §3 and Fig. 4 (right).</summary>
public sealed record MaskConfig
{
    /// <summary>Channels of the 3×3 convolutions.</summary>
    public int[] Layers { get; init; } = [256, 256, 256, 256];

    /// <summary>Channels of the 2×2 transposed convolution that doubles the side.</summary>
    public int Width { get; init; } = 256;

    /// <summary>Normalisation after each 3×3 convolution: none, bn, frozen or gn.</summary>
    public string Norm { get; init; } = "none";

    /// <summary>Side of the pooled region in cells; masks have twice that.</summary>
    public int PoolSize { get; init; } = 14;

    /// <summary>sigmoid: a mask for each class by itself; softmax: the classes compete for each cell. He et al. 2017, Table 2b.</summary>
    public string Activation { get; init; } = "sigmoid";

    /// <summary>Factor on loss_mask.</summary>
    public double LossWeight { get; init; } = 1;
}

public sealed record OutputConfig
{
    /// <summary>Detections with a score not above this are dropped; null is 0.05, for rcnn with linear machines 0.25, and a run writes the number down.</summary>
    public double? ScoreThreshold { get; init; } = 0.05;

    /// <summary>IoU of the per-class NMS.</summary>
    public double NmsThreshold { get; init; } = 0.5;

    /// <summary>The best over all classes.</summary>
    public int DetectionsPerImage { get; init; } = 100;

    /// <summary>As <see cref="RpnConfig.SelectionExtent"/>, for detections.</summary>
    public string SelectionExtent { get; init; } = "half-open";

    /// <summary>How masks are stretched over their boxes in files, pictures and metrics: torchvision or detectron2.</summary>
    public string MaskPaste { get; init; } = "torchvision";
}
