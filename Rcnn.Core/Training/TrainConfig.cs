using Rcnn.Core.Data.Augment;
using Rcnn.Core.Models;

namespace Rcnn.Core.Training;

/// <summary>
/// Everything that decides a training run, nested like the work. A variant is <c>baseline with { … }</c> or a list of dotted settings
/// (<see cref="ConfigOverrides"/>). Written resolved, with every default, into the run's config.json.
/// </summary>
public sealed record TrainConfig
{
    public DetectorConfig Model { get; init; } = new();
    public DataConfig Data { get; init; } = new();
    public OptimizerConfig Optimizer { get; init; } = new();
    public ScheduleConfig Schedule { get; init; } = new();
    public StopConfig Stop { get; init; } = new();

    /// <summary>Seed of the initial weights, the order of images, augmentation and sampling.</summary>
    public long Seed { get; init; }

    /// <summary>Steps between validations; 0 validates at the end of each epoch. Without validation data it means nothing.</summary>
    public int EvalEvery { get; init; }

    /// <summary>Whether a validation also computes the mean of each loss part over the validation data, with the same samples every time.</summary>
    public bool ValidationLoss { get; init; }

    /// <summary>Steps between checkpoints. One is always written at the end and on interruption.</summary>
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>Steps between lines in metrics.jsonl.</summary>
    public int LogEvery { get; init; } = 1;

    /// <summary>Threads of the arithmetic; 0 takes every processor.</summary>
    public int Threads { get; init; }

    /// <summary>Where the model computes: cpu, cuda or cuda:N (<see cref="ComputeDevice"/>). A run may go on and be evaluated on another one.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// Type in which layers compute while training: float32, bfloat16 (on a CPU worth it where that has instructions for it) or float16 (CUDA only, with a dynamic loss
    /// scale). Weights stay float32.
    /// </summary>
    public string Precision { get; init; } = "float32";

    /// <summary>
    /// What of a validation chooses the best checkpoint and is watched by <c>stop.patience</c>: AP, AP50, AP75 or mAP, mask/AP, mask/AP50 or mask/AP75 of a model with masks,
    /// all the larger the better; or loss, the smaller the better, which needs validationLoss.
    /// </summary>
    public string BestMetric { get; init; } = "AP";

    /// <summary>joint (both stages at once) or alternating (the four steps of Ren et al. 2015, §3.2; see <see cref="AlternatingTraining"/>).</summary>
    public string Procedure { get; init; } = "joint";

    /// <summary>
    /// What each of the four steps of alternating training gets of the budget, in proportion; the paper's 80k, 40k, 80k and 40k steps. The convolutions of the result are those of step 2: where few
    /// steps are taken, give it more.
    /// </summary>
    public double[] AlternatingShares { get; init; } = [2, 1, 2, 1];

    /// <summary>
    /// The parts of the model that are trained, by the first word of their parameters' names: backbone, rpn, roi_heads. Without rpn or roi_heads that stage has no losses; what is not
    /// named keeps its weights and statistics. Empty trains everything.
    /// </summary>
    public string[] Parts { get; init; } = [];

    /// <summary>Weight file that training starts from (a classifier for the backbone, or a whole detector); null starts from random weights.</summary>
    public string? Init { get; init; }
}

/// <summary>What is trained on and how it is fed.</summary>
public sealed record DataConfig
{
    /// <summary>Training data as the user named it: voc:DIR[:SPLIT], coco:JSON,IMAGEDIR or synthetic[:NAME].</summary>
    public string Train { get; init; } = "";

    /// <summary>Validation data, or null.</summary>
    public string? Validation { get; init; }

    /// <summary>Class names without background, in label order.</summary>
    public string[] Classes { get; init; } = [];

    /// <summary>Images in a step.</summary>
    public int BatchSize { get; init; } = 2;

    /// <summary>Probability of a horizontal flip.</summary>
    public double FlipProbability { get; init; } = 0.5;

    /// <summary>Strength of random brightness, contrast and colour, 0 (none) to below 1.</summary>
    public double ColourJitter { get; init; }

    /// <summary>Strength of random saturation, 0 (none) to 1.</summary>
    public double SaturationJitter { get; init; }

    /// <summary>Random turn of the hue by up to this part of the circle, 0 (none) to 0.5.</summary>
    public double HueJitter { get; init; }

    /// <summary>Mixing, cropping and placing of images.</summary>
    public AugmentOptions Augment { get; init; } = new();

    /// <summary>Regions from outside, for models that do not propose their own.</summary>
    public ProposalConfig Proposals { get; init; } = new();

    /// <summary>Longer side in pixels that larger images are reduced to when loaded (area averaging); 0 keeps them.</summary>
    public int MaxSide { get; init; }

    /// <summary>Memory for decoded images kept between epochs, MiB.</summary>
    public int CacheMegabytes { get; init; } = 512;

    /// <summary>Images prepared at the same time; 0 prepares them in the training thread.</summary>
    public int Workers { get; init; } = 2;

    /// <summary>Batches prepared ahead.</summary>
    public int Prefetch { get; init; } = 4;
}

/// <summary>Where regions from outside come from.</summary>
public sealed record ProposalConfig
{
    /// <summary>Name of the method that computes them (<see cref="Rcnn.Core.Data.Proposals.ProposalMethods"/>); null takes them from <see cref="File"/> alone, or has none.</summary>
    public string? Method { get; init; }

    /// <summary>
    /// Proposal file that keeps what is computed; null with a method takes proposals.cache in the run folder. Or, with no method, proposals of another program, .json or .csv
    /// (<see cref="Rcnn.Core.Data.Proposals.ProposalListReader"/>).
    /// </summary>
    public string? File { get; init; }

    /// <summary>At most this many for an image, the first ones.</summary>
    public int Limit { get; init; } = 2000;

    /// <summary>Constants of Selective Search other than those of the method's mode.</summary>
    public Rcnn.Core.Data.Proposals.SelectiveSearchConfig SelectiveSearch { get; init; } = new();
}

/// <summary>How weights follow gradients.</summary>
public sealed record OptimizerConfig
{
    /// <summary>sgd or adamw.</summary>
    public string Kind { get; init; } = "sgd";

    /// <summary>Of the first full step; the schedule and <see cref="RateConfig"/> multiply it.</summary>
    public double LearningRate { get; init; } = 0.005;

    /// <summary>SGD only.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>SGD only.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Added to a gradient as this factor times the weight (sgd), or taken off the weight itself (adamw).</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>AdamW only.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW only.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>AdamW only.</summary>
    public double Eps { get; init; } = 1e-8;

    /// <summary>Weight decay of the scales and shifts of normalisations; null takes <see cref="WeightDecay"/>.</summary>
    public double? NormWeightDecay { get; init; }

    /// <summary>Weight decay of the biases of convolutions and linear layers; null takes <see cref="WeightDecay"/>. Caffe's models have 0.</summary>
    public double? BiasWeightDecay { get; init; }

    /// <summary>Largest Euclidean norm of all gradients together; 0 does not clip.</summary>
    public double ClipNorm { get; init; } = 10;

    /// <summary>
    /// Images that go through the model at a time: a batch is taken in parts of this size whose gradients are added up, so that a large batch fits a small memory.
    /// 0 takes the batch whole.
    /// </summary>
    public int MicroBatch { get; init; }

    /// <summary>
    /// Decay of the exponential moving average of the weights that validation and evaluation use instead of the weights themselves, e.g. 0.999; 0 keeps none.
    /// See <see cref="WeightAverage"/>.
    /// </summary>
    public double AverageDecay { get; init; }

    public RateConfig Rates { get; init; } = new();
}

/// <summary>Factors on the learning rate by part of the model.</summary>
public sealed record RateConfig
{
    /// <summary>Of the backbone, its pyramid included.</summary>
    public double Backbone { get; init; } = 1;

    /// <summary>Of the proposal network.</summary>
    public double Rpn { get; init; } = 1;

    /// <summary>Of the region and mask heads; R-CNN's fc6, fc7 and classifier.</summary>
    public double Roi { get; init; } = 1;

    /// <summary>On top of the part's factor, for biases of convolutions and linear layers; Caffe's models have 2.</summary>
    public double Bias { get; init; } = 1;
}

/// <summary>How the learning rate changes.</summary>
public sealed record ScheduleConfig
{
    /// <summary>step, cosine or constant.</summary>
    public string Kind { get; init; } = "step";

    /// <summary>The first steps, in which the rate rises in a straight line.</summary>
    public int WarmupSteps { get; init; } = 30;

    /// <summary>Factor that the rise starts from: step s of w has factor f + (1 − f)·(s + 1)/w.</summary>
    public double WarmupFactor { get; init; }

    /// <summary>
    /// When a step schedule multiplies the rate by <see cref="Gamma"/>: values up to 1 are fractions of the whole run (of the time where minutes
    /// end it), larger ones are steps.
    /// </summary>
    public double[] Milestones { get; init; } = [0.75];

    /// <summary>What a milestone multiplies the rate by.</summary>
    public double Gamma { get; init; } = 0.1;

    /// <summary>The factor that a cosine schedule ends at.</summary>
    public double FinalFactor { get; init; }
}

/// <summary>When training ends: at whichever is reached first of those that are set. One must be.</summary>
public sealed record StopConfig
{
    /// <summary>Updates of the weights.</summary>
    public int? Steps { get; init; }

    /// <summary>Passes over the data.</summary>
    public double? Epochs { get; init; }

    /// <summary>Wall-clock time of training, validation included; a resumed run goes on counting.</summary>
    public double? Minutes { get; init; }

    /// <summary>Ends the run after this many validations in a row without a new best; it does not count as one of the conditions above.</summary>
    public int? Patience { get; init; }
}
