using Rcnn.Ops;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;

namespace Rcnn.Cli.Golden;

/// <summary>Smooth L1 with its gradient.</summary>
internal sealed class SmoothL1Golden : IGoldenCase
{
    public string Op => "smooth_l1_loss";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        Tensor input = c.Tensor("input").requires_grad_(true);
        Tensor loss = Losses.SmoothL1(input, c.Tensor("target"), c.Number("beta"), Reduction(c.Text("reduction")));
        c.Check("loss", loss);
        loss.sum().backward();
        c.Check("grad_input", input.grad!);
    }

    internal static Reduction Reduction(string name) => name switch
    {
        "none" => nn.Reduction.None,
        "mean" => nn.Reduction.Mean,
        "sum" => nn.Reduction.Sum,
        _ => throw new NotSupportedException($"reduction {name}"),
    };
}

/// <summary>Sigmoid focal loss with its gradient.</summary>
internal sealed class SigmoidFocalGolden : IGoldenCase
{
    public string Op => "sigmoid_focal_loss";

    public bool OnDevice => true;

    public void Run(GoldenContext c)
    {
        Tensor input = c.Tensor("inputs").requires_grad_(true);
        Tensor loss = Losses.SigmoidFocal(input, c.Tensor("targets"), c.Number("alpha"), c.Number("gamma"), SmoothL1Golden.Reduction(c.Text("reduction")));
        c.Check("loss", loss);
        loss.sum().backward();
        c.Check("grad_inputs", input.grad!);
    }
}

/// <summary>Losses of the second stage: cross-entropy, and smooth L1 of the codes of the true class over all RoIs.</summary>
internal sealed class FastRcnnLossGolden : IGoldenCase
{
    public string Op => "fastrcnn_loss";

    public void Run(GoldenContext c)
    {
        Tensor logits = c.Tensor("class_logits").requires_grad_(true), codes = c.Tensor("box_regression").requires_grad_(true);
        Tensor labels = c.Tensor("labels");
        Tensor classifier = F.cross_entropy(logits, labels);
        Tensor foreground = labels.gt(0).nonzero().squeeze(1);
        Tensor own = codes.reshape(labels.shape[0], -1, 4).index(foreground, labels.index_select(0, foreground));
        Tensor boxes = Losses.SmoothL1(own, c.Tensor("regression_targets").index_select(0, foreground), 1.0 / 9, nn.Reduction.Sum).div(labels.numel());
        c.Check("loss_classifier", classifier);
        c.Check("loss_box_reg", boxes);
        classifier.add(boxes).backward();
        c.Check("grad_logits", logits.grad!);
        c.Check("grad_box_regression", codes.grad!);
    }
}

/// <summary>Targets, sampling and losses of the first stage.</summary>
internal sealed class RpnLossGolden : IGoldenCase
{
    public string Op => "rpn_targets_and_loss";

    public void Run(GoldenContext c)
    {
        Tensor anchors = c.Tensor("anchors");
        var matcher = new Matcher(c.Number("fg_iou"), c.Number("bg_iou"), allowLowQuality: true);
        var sampler = new BalancedSampler(c.Integer("batch_size_per_image"), c.Number("positive_fraction"));
        long count = anchors.shape[0];
        List<Tensor> positives = [], sampled = [], labels = [], targets = [], positiveMasks = [], negativeMasks = [];
        for (int i = 0; c.HasInput($"gt_boxes_{i}"); i++)
        {
            Tensor truths = c.Tensor($"gt_boxes_{i}");
            Tensor matches = matcher.Match(anchors, truths);
            Tensor label = matches.ge(0).to(float32).sub(matches.eq(Matcher.Between).to(float32));
            Tensor matched = truths.shape[0] == 0 ? zeros_like(anchors) : truths.index_select(0, matches.clamp(min: 0));
            SampledIndices drawn = sampler.Sample(label, random: null);
            c.Check($"labels_{i}", label);
            if (c.HasOutput($"matched_gt_{i}"))
            {
                c.Check($"matched_gt_{i}", matched);
            }

            labels.Add(label);
            targets.Add(new BoxCoder().Encode(matched, anchors));
            positives.Add(drawn.Positive.add(i * count));
            sampled.Add(drawn.Positive.add(i * count));
            sampled.Add(drawn.Negative.add(i * count));
            positiveMasks.Add(zeros([count], uint8).index_fill_(0, drawn.Positive, 1));
            negativeMasks.Add(zeros([count], uint8).index_fill_(0, drawn.Negative, 1));
        }

        c.Check("sampled_pos", stack(positiveMasks));
        c.Check("sampled_neg", stack(negativeMasks));
        Tensor objectness = c.Tensor("objectness").requires_grad_(true), deltas = c.Tensor("deltas").requires_grad_(true);
        Tensor all = cat(sampled), positive = cat(positives);
        Tensor boxLoss = Losses.SmoothL1(deltas.index_select(0, positive), cat(targets).index_select(0, positive), 1.0 / 9, nn.Reduction.Sum).div(all.numel());
        Tensor objectnessLoss = F.binary_cross_entropy_with_logits(objectness.flatten().index_select(0, all), cat(labels).index_select(0, all));
        c.Check("loss_objectness", objectnessLoss);
        c.Check("loss_rpn_box_reg", boxLoss);
        objectnessLoss.add(boxLoss).backward();
        c.Check("grad_objectness", objectness.grad!);
        c.Check("grad_deltas", deltas.grad!);
    }
}
