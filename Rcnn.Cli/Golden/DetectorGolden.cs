using System.Globalization;
using System.Text.Json;
using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Core.Weights;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Cli.Golden;

/// <summary>
/// A whole detector with stored weights: every intermediate result of a detection, the detections, the losses of one training step,
/// gradients and their norms, and, where the case has batch normalisation to train, its losses and running statistics. Weights under old names in
/// an old container must fill the detector with the same values.
/// </summary>
internal sealed class DetectorGolden(string op) : IGoldenCase
{
    public string Op => op;

    public void Run(GoldenContext c)
    {
        using TwoStageDetector detector = DetectorFactory.Create(Config(c), 0);
        IReadOnlyDictionary<string, Tensor> weights = WeightFile.Read(c.File("state_dict"));
        DetectorWeights.LoadDetector(detector, weights, c.File("state_dict"));
        using var scope = NewDisposeScope();
        int count = c.InputNames.Count(n => n.StartsWith("image_", StringComparison.Ordinal));
        Tensor[] images = [.. Enumerable.Range(0, count).Select(i => c.Tensor($"image_{i}").permute(1, 2, 0))];
        Target[] targets = [.. Enumerable.Range(0, count).Select(i => new Target(
            c.Tensor($"target_boxes_{i}"), c.Tensor($"target_labels_{i}"), i, c.HasInput($"target_masks_{i}") ? c.Tensor($"target_masks_{i}") : null))];

        Detection(c, detector, images);
        Training(c, detector, images, targets);
        if (c.HasOutput("bntrain_loss_classifier"))
        {
            DetectorWeights.LoadDetector(detector, weights, c.File("state_dict"));
            BatchNormTraining(c, detector, images, targets);
        }

        if (c.HasFile("legacy_state_dict"))
        {
            Legacy(c, detector, weights);
        }

        foreach (Tensor weight in weights.Values)
        {
            weight.Dispose();
        }
    }

    private static void Legacy(GoldenContext c, TwoStageDetector detector, IReadOnlyDictionary<string, Tensor> weights)
    {
        string file = c.File("legacy_state_dict");
        using var scope = NewDisposeScope();
        using IDisposable noGradient = no_grad();
        foreach (Tensor value in detector.state_dict().Values)
        {
            value.zero_();
        }

        IReadOnlyDictionary<string, Tensor> old = WeightFile.Read(file);
        DetectorWeights.LoadDetector(detector, old, file);
        using var map = JsonDocument.Parse(File.ReadAllBytes(c.File("legacy_key_map")));
        foreach (JsonProperty entry in map.RootElement.GetProperty("old_to_new").EnumerateObject())
        {
            string current = DetectorWeights.CurrentName(entry.Name);
            if (!old.ContainsKey(entry.Name) || current != entry.Value.GetString())
            {
                throw new RcnnException($"{file}: {entry.Name}: {entry.Value.GetString()} expected as today's name, got {current}");
            }
        }

        foreach ((string name, Tensor value) in detector.state_dict())
        {
            if (weights.TryGetValue(name, out Tensor? expected) && !expected.allclose(value, 0, 0))
            {
                throw new RcnnException($"{file}: {name} differs from {c.File("state_dict")}");
            }
        }
    }

    private static void Detection(GoldenContext c, TwoStageDetector detector, Tensor[] images)
    {
        using var scope = NewDisposeScope();
        detector.eval();
        IReadOnlyList<Detections> detections = detector.Detect(images);
        using IDisposable noGradient = no_grad();
        ImageBatch batch = detector.Transform.Batch(images);
        IReadOnlyList<Tensor> maps = detector.Backbone.call(batch.Pixels);
        RpnPrediction rpn = detector.Rpn.call(maps);
        IReadOnlyList<Tensor> proposals = detector.Rpn.Propose(rpn, batch, train: false);
        RegionPrediction regions = detector.Regions.Predict(maps, proposals, batch);
        if (c.HasOutput("transform_batch"))
        {
            c.Check("transform_batch", batch.Pixels);
        }

        c.Check("image_sizes", [.. batch.Sizes.SelectMany(s => new long[] { s.Height, s.Width })], batch.Sizes.Count, 2);
        for (int i = 0; i < maps.Count; i++)
        {
            string name = "feat_" + detector.Backbone.Levels[i];
            if (c.HasOutput(name))
            {
                // Large maps are stored with their first four channels only.
                long channels = c.Expected(name).Shape[1];
                c.Check(name, maps[i].narrow(1, 0, channels));
            }

            string level = i.ToString(CultureInfo.InvariantCulture);
            c.Check("rpn_logits_" + level, rpn.Logits[i]);
            c.Check("rpn_deltas_" + level, rpn.Deltas[i]);
        }

        c.Check("class_logits", regions.Logits);
        c.Check("box_regression", regions.Deltas);
        for (int i = 0; i < images.Length; i++)
        {
            c.Check($"proposals_{i}", proposals[i]);
            c.Check($"det_boxes_{i}", detections[i].Boxes);
            c.Check($"det_scores_{i}", detections[i].Scores);
            c.Check($"det_labels_{i}", detections[i].Labels);
        }

        if (detector.Regions.Mask is { } mask)
        {
            Masks(c, mask, detector, detections, maps, batch);
        }
    }

    private static void Masks(
        GoldenContext c, MaskBranch mask, TwoStageDetector detector, IReadOnlyList<Detections> detections, IReadOnlyList<Tensor> maps, ImageBatch batch)
    {
        for (int i = 0; i < detections.Count; i++)
        {
            ImageSize size = batch.OriginalSizes[i];
            Tensor pasted = MaskPaste.Apply(detections[i].Masks!, detections[i].Boxes, (size.Height, size.Width)).squeeze(1);
            c.Check($"det_masks_u8_{i}", pasted.ge(0.5).to(ScalarType.Byte));
            c.Check($"det_masks_prob_top2_{i}", pasted.narrow(0, 0, c.Expected($"det_masks_prob_top2_{i}").Shape[0]));
        }

        if (c.HasOutput("mask_logits_top2"))
        {
            Tensor[] boxes = [.. detections.Select((d, i) => InputTransform.ScaleBoxes(d.Boxes, batch.OriginalSizes[i], batch.Sizes[i]))];
            c.Check("mask_logits_top2", mask.Predict(detector.Regions.Pooled(maps), boxes, batch).narrow(0, 0, c.Expected("mask_logits_top2").Shape[0]));
        }
    }

    private static void Training(GoldenContext c, TwoStageDetector detector, Tensor[] images, Target[] targets)
    {
        using var scope = NewDisposeScope();
        detector.train();
        foreach (nn.Module module in detector.modules())
        {
            if (module is TorchSharp.Modules.BatchNorm2d)
            {
                module.eval();
            }
        }

        LossParts losses = detector.Losses(images, targets, random: null);
        Losses(c, losses, "train_");
        losses.Total().backward();
        var gradients = detector.named_parameters().Where(p => p.parameter.grad is not null).ToDictionary(p => p.name, p => p.parameter.grad!);
        foreach (string output in c.OutputNames.Where(n => n.StartsWith("grad_", StringComparison.Ordinal)))
        {
            c.Check(output, gradients[output["grad_".Length..].Replace("__", ".", StringComparison.Ordinal)]);
        }

        Norms(c, gradients);
        detector.zero_grad();
        using IDisposable noGradient = no_grad();
        ImageBatch batch = detector.Transform.Batch(images);
        RpnPrediction rpn = detector.Rpn.call(detector.Backbone.call(batch.Pixels));
        IReadOnlyList<Tensor> proposals = detector.Rpn.Propose(rpn, batch, train: true);
        for (int i = 0; i < proposals.Count; i++)
        {
            c.Check($"train_proposals_{i}", proposals[i]);
        }
    }

    private static void BatchNormTraining(GoldenContext c, TwoStageDetector detector, Tensor[] images, Target[] targets)
    {
        using var scope = NewDisposeScope();
        detector.train();
        Losses(c, detector.Losses(images, targets, random: null), "bntrain_");
        foreach (string buffer in c.Param("bn_watch").EnumerateArray().Select(e => e.GetString()!))
        {
            c.Check("bntrain_" + buffer.Replace(".", "__", StringComparison.Ordinal), detector.get_buffer(buffer)!);
        }
    }

    private static void Losses(GoldenContext c, LossParts losses, string prefix)
    {
        foreach ((string name, Tensor value) in losses.Parts)
        {
            c.Check(prefix + name, value);
        }
    }

    // Norm and sum of every gradient: beyond the few that are stored in full.
    private static void Norms(GoldenContext c, Dictionary<string, Tensor> gradients)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(c.File("grad_norms")));
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            double expected = entry.Value.GetProperty("l2").GetDouble();
            if (!gradients.TryGetValue(entry.Name, out Tensor? gradient))
            {
                throw new RcnnException($"{c.File("grad_norms")}: no gradient for {entry.Name}");
            }

            double norm = gradient.norm().item<float>();
            if (Math.Abs(norm - expected) > 1e-6 + 2e-3 * expected)
            {
                throw new RcnnException(string.Create(CultureInfo.InvariantCulture, $"gradient norm of {entry.Name}: {expected:R} expected, got {norm:R}"));
            }
        }
    }

    internal static DetectorConfig Config(GoldenContext c)
    {
        bool fpn = c.Flag("fpn");
        string name = c.Text("backbone");
        double[][] sizes = [.. c.Param("anchor_sizes").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetDouble()).ToArray())];
        return new DetectorConfig
        {
            Assembly = c.Flag("mask", false) ? "mask-rcnn-fpn" : fpn ? "faster-rcnn-fpn" : "faster-rcnn-c4",
            Classes = c.Integer("classes"),
            Input = new()
            {
                MinSize = c.Integer("min_size"),
                MaxSize = c.Integer("max_size"),
                SizeDivisible = c.Integer("size_divisible"),
                Mean = c.Numbers("image_mean"),
                Std = c.Numbers("image_std"),
            },
            Backbone = new()
            {
                Name = name,
                Norm = c.Text("norm"),
                NormEps = c.Numbers("bn_eps_effective")[0],
                Fpn = fpn,
                FpnChannels = fpn ? c.Integer("fpn_channels") : 256,
                Block = c.HasParam("block") ? c.Text("block") : null,
                Layers = c.HasParam("layers") ? [.. c.Integers("layers").Select(l => (int)l)] : null,
                BaseWidth = c.Integer("base", 64),
                WidthMultiplier = c.Number("width_mult", 1),
                ReducedTail = c.Flag("reduced_tail", false),
            },
            Rpn = new()
            {
                Anchors = new() { Sizes = sizes, AspectRatios = c.Numbers("ratios") },
                PreNmsTrain = c.Integer("pre"),
                PreNmsTest = c.Integer("pre"),
                PostNmsTrain = c.Integer("post"),
                PostNmsTest = c.Integer("post"),
                NmsThreshold = c.Number("rpn_nms"),
                ForegroundIou = c.Number("rpn_fg"),
                BackgroundIou = c.Number("rpn_bg"),
                BatchPerImage = c.Integer("rpn_bs"),
                PositiveFraction = c.Number("rpn_positive_fraction"),
                ScoreThreshold = c.Number("rpn_score_thresh"),
            },
            Roi = new()
            {
                Levels = [.. c.Param("roi_levels").EnumerateArray().Select(e => e.GetString()!)],
                PoolSize = c.Param("roi_align").GetProperty("output").GetInt32(),
                SamplingRatio = c.Param("roi_align").GetProperty("sampling_ratio").GetInt32(),
                Aligned = c.Param("roi_align").GetProperty("aligned").GetBoolean(),
                HeadWidth = c.Integer("repr"),
                BatchPerImage = c.Integer("box_bs"),
                PositiveFraction = c.Number("box_positive_fraction"),
                ForegroundIou = c.Number("box_fg"),
                BackgroundIou = c.Number("box_bg"),
                BoxWeights = c.Numbers("box_reg_weights"),
                Mask = c.HasParam("mask_layers")
                    ? new() { Layers = [.. c.Integers("mask_layers").Select(l => (int)l)], Width = (int)c.Integers("mask_layers")[^1], PoolSize = c.Param("roi_align").GetProperty("mask_output").GetInt32() }
                    : new(),
            },
            Output = new()
            {
                ScoreThreshold = c.Number("score"),
                NmsThreshold = c.Number("box_nms"),
                DetectionsPerImage = c.Integer("topk"),
            },
        };
    }
}
