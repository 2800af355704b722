using System.Security.Cryptography;
using Rcnn.Ops;
using Rcnn.Ops.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops.VectorWidths;

/// <summary>
/// The bits of every operator's results, gradients included, on seeded inputs whose sizes leave tails at every vector width. They must not depend on threads or on the width of vectors.
/// </summary>
internal static class OperatorFingerprints
{
    private const int Channels = 53;

    /// <summary>One line for each operator at one and at two threads.</summary>
    public static IEnumerable<(string Name, string Bits)> Compute()
    {
        int before = Engine.Threads;
        try
        {
            foreach (int threads in (int[])[1, 2])
            {
                Engine.Threads = threads;
                foreach ((string name, Func<RandomStream, Tensor[]> run) in All)
                {
                    using DisposeScope scope = NewDisposeScope();
                    yield return ($"{name}/{threads}", Hash(run(new RandomStream(0, name))));
                }
            }
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    private static readonly (string Name, Func<RandomStream, Tensor[]> Run)[] All =
    [
        ("iou", r => [BoxOps.Iou(Boxes(r, 301), Boxes(r, 61))]),
        ("giou", r => [BoxOps.GeneralizedIou(Boxes(r, 301), Boxes(r, 61))]),
        ("diou", r => [BoxOps.DistanceIou(Boxes(r, 301), Boxes(r, 61))]),
        ("ciou", r => [BoxOps.CompleteIou(Boxes(r, 301), Boxes(r, 61))]),
        ("box_losses", r => [.. ((Func<Tensor, Tensor, nn.Reduction, double, Tensor>[])[BoxLosses.Iou, BoxLosses.Generalized, BoxLosses.Distance, BoxLosses.Complete]).SelectMany(loss =>
        {
            Tensor input = Boxes(r, 203).requires_grad_(true), value = loss(input, Boxes(r, 203), nn.Reduction.Sum, 1e-7);
            value.backward();
            return new[] { value.detach(), input.grad! };
        })]),
        ("code", r =>
        {
            Tensor from = Boxes(r, 203), codes = new BoxCoder([10, 10, 5, 5]).Encode(Boxes(r, 203), from);
            return [codes, new BoxCoder([10, 10, 5, 5]).Decode(codes, from)];
        }),
        ("anchors", _ => [new AnchorGenerator([[32], [64, 91]], [0.5, 1, 2]).Grid((130, 190), [(17, 24), (9, 12)])]),
        ("match", r => [new Matcher(0.6, 0.3, true).Match(Boxes(r, 2501), Boxes(r, 13))]),
        ("nms", r => [Nms.Run(Boxes(r, 1903), Uniform(r, 1903), 0.5)]),
        ("batched_nms", r => [Nms.Batched(Boxes(r, 1903), Uniform(r, 1903), Labels(r, 1903, 7), 0.5), Nms.Batched(Boxes(r, 703), Uniform(r, 703), Labels(r, 703, 7), 0.5)]),
        ("soft_nms", r =>
        {
            SoftNmsResult linear = SoftNms.Run(Boxes(r, 503), Uniform(r, 503), SoftNmsDecay.Linear()), gaussian = SoftNms.Batched(Boxes(r, 503), Uniform(r, 503), Labels(r, 503, 5), SoftNmsDecay.Gaussian());
            return [linear.Keep, linear.Scores, gaussian.Keep, gaussian.Scores];
        }),
        ("fusion", r =>
        {
            FusedDetections nms = MultiScaleNms.Run([new(Boxes(r, 203), Uniform(r, 203), Labels(r, 203, 3), 0, 20), new(Boxes(r, 101), Uniform(r, 101), Labels(r, 101, 3))], 0.5);
            ScoredDetections boxes = WeightedBoxFusion.Run([new(Boxes(r, 203), Uniform(r, 203), Labels(r, 203, 3)), new(Boxes(r, 101), Uniform(r, 101), Labels(r, 101, 3))]);
            return [nms.Boxes, nms.Scores, nms.Labels, nms.Source, boxes.Boxes, boxes.Scores, boxes.Labels];
        }),
        ("roi_align", r => WithGradient(r, false, (x, rois) => RoiAlign.Apply(x, rois, 5, 3, 0.25, 2, false))),
        ("roi_align_adaptive_nhwc", r => WithGradient(r, true, (x, rois) => RoiAlign.Apply(x, rois, 5, 3, 0.25, 0, true))),
        ("roi_align_max", r => WithGradient(r, false, (x, rois) => RoiAlign.Apply(x, rois, 5, 3, 0.25, 2, true, reduction: BinReduction.Max))),
        ("roi_warp", r => WithGradient(r, false, (x, rois) => RoiWarp.Apply(x, rois, 5, 3, 0.25))),
        ("roi_warp_corners_nhwc", r => WithGradient(r, true, (x, rois) => RoiWarp.Apply(x, rois, 5, 3, 0.25, WarpGrid.Corners, 1))),
        ("roi_pool", r => WithGradient(r, false, (x, rois) => RoiPool.Apply(x, rois, 5, 3, 0.25))),
        ("roi_pool_nhwc", r => WithGradient(r, true, (x, rois) => RoiPool.Apply(x, rois, 5, 3, 0.25))),
        ("multi_scale_roi_align", r => [new MultiScaleRoiAlign(3, 3, 2).Apply([Map(r, 32, 40), Map(r, 16, 20), Map(r, 8, 10)], [Boxes(r, 61), Boxes(r, 7)], [(128, 160), (100, 120)])]),
        ("smooth_l1", r => Loss(r, (x, t) => Losses.SmoothL1(x, t, 0.5, nn.Reduction.Sum))),
        ("balanced_l1", r => Loss(r, (x, t) => Losses.BalancedL1(x, t, reduction: nn.Reduction.Sum))),
        ("softmax_focal", r =>
        {
            Tensor logits = Gaussian(r, 1501, 13).requires_grad_(true), value = Losses.SoftmaxFocal(logits, Labels(r, 1501, 13));
            value.backward();
            return [value.detach(), logits.grad!];
        }),
        ("hard_examples", r => [HardExamples.Top(Uniform(r, 901), 64), HardExamples.TopAfterNms(Boxes(r, 901), Uniform(r, 901), 64)]),
        ("sigmoid_focal", r => Loss(r, (x, t) => Losses.SigmoidFocal(x, t.clamp(0, 1), reduction: nn.Reduction.Sum))),
        ("conv3x3", r =>
        {
            using var filter = new WinogradFilter(Gaussian(r, 37, Channels, 3, 3), Gaussian(r, 37));
            return [Conv3x3.Apply(Map(r, 19, 23), filter, relu: true)];
        }),
        ("rpn", r => [.. RpnProposals.Select([Gaussian(r, 2, 1501)], [Gaussian(r, 2, 1501, 4).mul_(0.2)], [Boxes(r, 1501)], new BoxCoder(), [(120, 150), (90, 140)], new ProposalLimits(700, 200))
            .SelectMany(p => new[] { p.Boxes, p.Scores })]),
        ("post_process", r => [.. BoxPostProcess.Run(Gaussian(r, 301, 6).mul_(3), Gaussian(r, 301, 24), [Boxes(r, 301)], [(120, 150)], new BoxCoder([10, 10, 5, 5]), new DetectionLimits())
            .SelectMany(d => new[] { d.Boxes, d.Scores, d.Labels })]),
        ("mask_paste", r => [MaskPaste.Apply(Uniform(r, 13, 1, 14, 14), Boxes(r, 13), (83, 101)), MaskPaste.Apply(Uniform(r, 13, 1, 14, 14), Boxes(r, 13), (83, 101), convention: MaskPasteConvention.Detectron2)]),
        ("mask_targets", r => [MaskTargets.Of(Uniform(r, 3, 83, 101).gt(0.5).to(uint8), Boxes(r, 13), Labels(r, 13, 3), 14)]),
        ("rle", r => [Bytes([.. RleMasks(r, 9).SelectMany(m => m.Code.ToArray())]), tensor(Rle.Iou(RleMasks(r, 9), RleMasks(r, 5)))]),
        ("selective_search", r => [SelectiveSearch.Apply(SearchScenes.Scene(r, 61, 87), 61, 87, SelectiveSearchOptions.Quality with { MinSize = 10 })]),
    ];

    private static Tensor[] WithGradient(RandomStream random, bool channelsLast, Func<Tensor, Tensor, Tensor> pool)
    {
        Tensor map = Map(random, 30, 35);
        Tensor input = (channelsLast ? Engine.ChannelsLast(map) : map).detach().requires_grad_(true);
        float[] rois = [.. Inputs.Rois(random, 47, 2, 130)];
        Tensor output = pool(input, tensor(rois, [47, 5]));
        output.backward([Gaussian(random, output.shape)]);
        return [output.detach(), input.grad!];
    }

    private static Tensor[] Loss(RandomStream random, Func<Tensor, Tensor, Tensor> loss)
    {
        Tensor input = Gaussian(random, 20_011).requires_grad_(true), value = loss(input, Gaussian(random, 20_011));
        value.backward();
        return [value.detach(), input.grad!];
    }

    private static Tensor Map(RandomStream random, int height, int width) => Gaussian(random, 2, Channels, height, width);

    private static Tensor Boxes(RandomStream random, int count) => Inputs.BoxTensor(Inputs.Boxes(random, count));

    private static Tensor Gaussian(RandomStream random, params long[] shape) => tensor(Inputs.Gaussian(random, shape.Aggregate(1L, (a, b) => a * b)), shape);

    private static Tensor Uniform(RandomStream random, params long[] shape) =>
        tensor([.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)random.NextDouble())], shape);

    private static Tensor Labels(RandomStream random, int count, int classes) => tensor([.. Enumerable.Range(0, count).Select(_ => (long)random.NextInt(classes))], int64);

    private static Rle[] RleMasks(RandomStream random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => Rle.FromPolygon([.. Enumerable.Range(0, 12).Select(_ => random.NextDouble(0, 60))], 61, 67))];

    private static Tensor Bytes(byte[] bytes) => Engine.FromBytes(bytes, [bytes.Length], ScalarType.Byte);

    private static unsafe string Hash(Tensor[] results)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor result in results)
        {
            using Tensor plain = result.contiguous();
            hash.AppendData(new ReadOnlySpan<byte>((void*)Engine.Pointer(plain), checked((int)(plain.numel() * plain.element_size()))));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
