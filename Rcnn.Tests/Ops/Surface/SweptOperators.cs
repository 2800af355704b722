using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.Surface;

/// <summary>A public operator as the sweep sees it.</summary>
/// <param name="Name">Type.Method</param>
/// <param name="Parameters">What each tensor is called in errors.</param>
/// <param name="Make">Valid inputs of about n rows; n = 0 is valid as well.</param>
/// <param name="Run">Everything that comes out, as tensors.</param>
internal sealed record SweptOperator(string Name, string[] Parameters, Func<RandomStream, int, Tensor[]> Make, Func<Tensor[], Tensor[]> Run)
{
    public override string ToString() => Name;
}

/// <summary>The public surface of Rcnn.Ops that takes tensors: one line an operator.</summary>
internal static class SweptOperators
{
    private static readonly BoxCoder Coder = new([10, 10, 5, 5]);
    private static readonly (int, int) Image = (80, 100);

    public static readonly SweptOperator[] All =
    [
        Two("BoxOps.Iou", "boxes1", "boxes2", Boxes, (r, n) => Boxes(r, 7), (a, b) => [BoxOps.Iou(a, b)]),
        Two("BoxOps.GeneralizedIou", "boxes1", "boxes2", Boxes, (r, n) => Boxes(r, 7), (a, b) => [BoxOps.GeneralizedIou(a, b)]),
        Two("BoxOps.DistanceIou", "boxes1", "boxes2", Boxes, (r, n) => Boxes(r, 7), (a, b) => [BoxOps.DistanceIou(a, b)]),
        Two("BoxOps.CompleteIou", "boxes1", "boxes2", Boxes, (r, n) => Boxes(r, 7), (a, b) => [BoxOps.CompleteIou(a, b)]),
        One("BoxOps.Convert", "boxes", Boxes, b => [BoxOps.Convert(b, BoxFormat.Corners, BoxFormat.CenterSize), BoxOps.Convert(b, BoxFormat.CornerSize, BoxFormat.Corners)]),
        One("BoxOps.Clip", "boxes", Boxes, b => [BoxOps.Clip(b, Image)]),
        One("BoxOps.Area", "boxes", Boxes, b => [BoxOps.Area(b)]),
        One("BoxOps.KeepLarge", "boxes", Boxes, b => [BoxOps.KeepLarge(b, 3)]),
        Two("BoxLosses.Iou", "boxes1", "boxes2", Boxes, Boxes, (a, b) => [BoxLosses.Iou(a, b)]),
        Two("BoxLosses.Generalized", "boxes1", "boxes2", Boxes, Boxes, (a, b) => [BoxLosses.Generalized(a, b)]),
        Two("BoxLosses.Distance", "boxes1", "boxes2", Boxes, Boxes, (a, b) => [BoxLosses.Distance(a, b)]),
        Two("BoxLosses.Complete", "boxes1", "boxes2", Boxes, Boxes, (a, b) => [BoxLosses.Complete(a, b)]),
        Two("BoxCoder.Encode", "references", "proposals", Boxes, Boxes, (a, b) => [Coder.Encode(a, b)]),
        Two("BoxCoder.Decode", "codes", "boxes", (r, n) => Gaussian(r, n, 8), Boxes, (a, b) => [Coder.Decode(a, b)]),
        One("Matcher.Match", "quality", (r, n) => Uniform(r, 5, n), q => [new Matcher(0.7, 0.3, true).Match(q)]),
        Two("Matcher.Match", "anchors", "truths", Boxes, (r, n) => Boxes(r, 5), (a, b) => [new Matcher(0.7, 0.3, true).Match(a, b)]),
        Two("Nms.Run", "boxes", "scores", Boxes, (r, n) => Uniform(r, n), (a, b) => [Nms.Run(a, b, 0.4)]),
        Three("Nms.Batched", "boxes", "scores", "idxs", Boxes, (r, n) => Uniform(r, n), Labels, (a, b, c) => [Nms.Batched(a, b, c, 0.4)]),
        Two("SoftNms.Run", "boxes", "scores", Boxes, (r, n) => Uniform(r, n), (a, b) => Both(SoftNms.Run(a, b, SoftNmsDecay.Linear())).Concat(Both(SoftNms.Run(a, b, SoftNmsDecay.Gaussian()))).ToArray()),
        Three("SoftNms.Batched", "boxes", "scores", "idxs", Boxes, (r, n) => Uniform(r, n), Labels, (a, b, c) => Both(SoftNms.Batched(a, b, c, SoftNmsDecay.Linear()))),
        Two("HardExamples.TopAfterNms", "boxes", "loss", Boxes, (r, n) => Uniform(r, n), (a, b) => [HardExamples.TopAfterNms(a, b, 10)]),
        One("HardExamples.Top", "loss", (r, n) => Uniform(r, n), l => [HardExamples.Top(l, 10)]),
        Two("HardExamples.Negatives", "loss", "labels", (r, n) => Uniform(r, n), Labels, (a, b) => Both(HardExamples.Negatives(a, b))),
        Two("BackgroundRange.Restrict", "labels", "overlaps", Labels, (r, n) => Uniform(r, n), (a, b) => [BackgroundRange.Restrict(a, b, 0.1)]),
        One("BalancedSampler.Sample", "labels", Labels, l => Both(new BalancedSampler(20, 0.25).Sample(l, new RandomStream(1)))),
        One("ClassBalancedSampler.Sample", "labels", Labels, l => Both(new ClassBalancedSampler(20, 0.25).Sample(l, new RandomStream(1)))),
        Two("ExampleSampler.Sample", "labels", "overlaps", Labels, (r, n) => Uniform(r, n), (a, b) => Both(new IouBalancedSampler(20, 0.25).Sample(a, b, new RandomStream(1)))),
        Two("RoiAlign.Apply", "input", "rois", Map, Rois, (a, b) => [RoiAlign.Apply(a, b, 3, 2, 0.25, 0, true), RoiAlign.Apply(a, b, 3, 2, 0.25, 2, false, reduction: BinReduction.Max)]),
        Two("RoiPool.Apply", "input", "rois", Map, Rois, (a, b) => [RoiPool.Apply(a, b, 3, 2, 0.25)]),
        Two("RoiWarp.Apply", "input", "rois", Map, Rois, (a, b) => [RoiWarp.Apply(a, b, 3, 2, 0.25)]),
        Two("RoiPooling.Apply", "input", "rois", Map, Rois, (a, b) => [new RoiAlignPooling().Apply(a, b, 3, 2, 0.25)]),
        Two("MultiScaleRoiAlign.Apply", "features[0]", "boxes[0]", (r, n) => Map(r, n).slice(0, 0, 1, 1), Boxes, (a, b) => [new MultiScaleRoiAlign(3, 3, 2).Apply([a], [b], [Image])]),
        One("MultiScaleRoiAlign.Levels", "boxes[0]", Boxes, b => [new MultiScaleRoiAlign(3, 3, 2).Levels([b], [0.25, 0.125])]),
        Two("MultiScaleRoiPooling.Apply", "features[0]", "boxes[0]", (r, n) => Map(r, n).slice(0, 0, 1, 1), Boxes, (a, b) => [new MultiScaleRoiPooling(3, 3, new RoiMaxPooling()).Apply([a], [b], [Image])]),
        One("MultiScaleRoiPooling.Levels", "boxes[0]", Boxes, b => [new MultiScaleRoiPooling(3, 3, new RoiMaxPooling()).Levels([b], [0.25, 0.125])]),
        Three("RpnProposals.Select", "objectness[0]", "codes[0]", "anchors[0]", (r, n) => Gaussian(r, 1, n), (r, n) => Gaussian(r, 1, n, 4), Boxes,
            (a, b, c) => [.. RpnProposals.Select([a], [b], [c], new BoxCoder(), [Image], new ProposalLimits(50, 20)).SelectMany(p => new[] { p.Boxes, p.Scores })]),
        Two("RpnProposals.Filter", "proposals", "objectness", (r, n) => Boxes(r, n).unsqueeze(0), (r, n) => Gaussian(r, 1, n),
            (a, b) => [.. RpnProposals.Filter(a, b, [b?.dim() == 2 ? (int)b.shape[1] : 0], [Image], new ProposalLimits(50, 20)).SelectMany(p => new[] { p.Boxes, p.Scores })]),
        Three("BoxPostProcess.Run", "logits", "codes", "proposals[0]", (r, n) => Gaussian(r, n, 4).mul_(3), (r, n) => Gaussian(r, n, 16), Boxes,
            (a, b, c) => [.. BoxPostProcess.Run(a, b, [c], [Image], Coder, new DetectionLimits()).SelectMany(d => new[] { d.Boxes, d.Scores, d.Labels })]),
        Three("MultiScaleNms.Run", "Boxes", "Scores", "Labels", Boxes, (r, n) => Uniform(r, n), Labels, (a, b, c) => Four(MultiScaleNms.Run([new ScaleDetections(a, b, c)], 0.5))),
        Three("WeightedBoxFusion.Run", "Boxes", "Scores", "Labels", Boxes, (r, n) => Uniform(r, n), Labels, (a, b, c) => Three(WeightedBoxFusion.Run([new ScoredDetections(a, b, c)]))),
        Loss("Losses.SmoothL1", (a, b) => Losses.SmoothL1(a, b)),
        Loss("Losses.SmoothL1Sigma", (a, b) => Losses.SmoothL1Sigma(a, b, 3)),
        Loss("Losses.L1", (a, b) => Losses.L1(a, b)),
        Loss("Losses.BalancedL1", (a, b) => Losses.BalancedL1(a, b)),
        Loss("Losses.SigmoidFocal", (a, b) => Losses.SigmoidFocal(a, b)),
        Two("Losses.SoftmaxFocal", "logits", "target", (r, n) => Gaussian(r, n, 5), (r, n) => Labels(r, n), (a, b) => [Losses.SoftmaxFocal(a, b)]),
        One("MaskBoxes.Around", "masks", (r, n) => ones([n, 9, 11], uint8), m => [MaskBoxes.Around(m)]),
        Two("MaskPaste.Apply", "masks", "boxes", (r, n) => Uniform(r, n, 1, 7, 7), Boxes, (a, b) => [MaskPaste.Apply(a, b, Image), MaskPaste.Apply(a, b, Image, convention: MaskPasteConvention.Detectron2)]),
        Two("MaskPaste.Encode", "masks", "boxes", (r, n) => Uniform(r, n, 1, 7, 7), Boxes, (a, b) => [tensor(MaskPaste.Encode(a, b, Image).Select(m => m.Area).ToArray())]),
        Three("MaskTargets.Of", "masks", "boxes", "matched", (r, n) => Uniform(r, 4, 80, 100).gt(0.5).to(uint8), Boxes, (r, n) => Labels(r, n), (a, b, c) => [MaskTargets.Of(a, b, c, 7)]),
        One("Conv3x3.Apply", "input", (r, n) => Gaussian(r, n, 5, 9, 8), x =>
        {
            var random = new RandomStream(3);
            using var filter = new WinogradFilter(Gaussian(random, 6, 5, 3, 3), Gaussian(random, 6));
            return [Conv3x3.Apply(x, filter)];
        }),
    ];

    public static Tensor Boxes(RandomStream random, int count) => Inputs.BoxTensor(Inputs.Boxes(random, count));

    private static SweptOperator One(string name, string a, Func<RandomStream, int, Tensor> makeA, Func<Tensor, Tensor[]> run) =>
        new(name, [a], (r, n) => [makeA(r, n)], t => run(t[0]));

    private static SweptOperator Two(string name, string a, string b, Func<RandomStream, int, Tensor> makeA, Func<RandomStream, int, Tensor> makeB, Func<Tensor, Tensor, Tensor[]> run) =>
        new(name, [a, b], (r, n) => [makeA(r, n), makeB(r, n)], t => run(t[0], t[1]));

    private static SweptOperator Three(string name, string a, string b, string c, Func<RandomStream, int, Tensor> makeA, Func<RandomStream, int, Tensor> makeB,
        Func<RandomStream, int, Tensor> makeC, Func<Tensor, Tensor, Tensor, Tensor[]> run) =>
        new(name, [a, b, c], (r, n) => [makeA(r, n), makeB(r, n), makeC(r, n)], t => run(t[0], t[1], t[2]));

    private static SweptOperator Loss(string name, Func<Tensor, Tensor, Tensor> loss) =>
        Two(name, "input", "target", (r, n) => Gaussian(r, n, 4), (r, n) => Uniform(r, n, 4), (a, b) => [loss(a, b)]);

    private static Tensor[] Both(SampledIndices s) => [s.Positive, s.Negative];

    private static Tensor[] Both(SoftNmsResult s) => [s.Keep, s.Scores];

    private static Tensor[] Three(ScoredDetections d) => [d.Boxes, d.Scores, d.Labels];

    private static Tensor[] Four(FusedDetections d) => [d.Boxes, d.Scores, d.Labels, d.Source];

    private static Tensor Map(RandomStream random, int n) => Gaussian(random, 2, 21, 20, 25);

    private static Tensor Rois(RandomStream random, int count) => tensor(Inputs.Rois(random, count, 2, 80), [count, 5]);

    private static Tensor Gaussian(RandomStream random, params long[] shape) => tensor(Inputs.Gaussian(random, shape.Aggregate(1L, (a, b) => a * b)), shape);

    private static Tensor Uniform(RandomStream random, params long[] shape) =>
        tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)random.NextDouble())], shape);

    private static Tensor Labels(RandomStream random, int count) => tensor([.. Enumerable.Range(0, count).Select(_ => (long)random.NextInt(4))], [count], int64);
}
