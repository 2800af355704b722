using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Rcnn.Tests.Devices;

/// <summary>The public operators that have no kernel, on tensors of a device: the CPU's numbers, on that device, with gradients where there are some.</summary>
internal static class ShadowOperators
{
    /// <summary>Name, and the results for inputs that the given function places.</summary>
    public static IEnumerable<(string Name, Func<Func<Tensor, Tensor>, IEnumerable<Tensor>> Run)> All()
    {
        yield return ("BackgroundRange", on => [BackgroundRange.Restrict(on(Labels), on(Scores), 0.3)]);
        yield return ("BalancedSampler", on => Sampled(new BalancedSampler(4, 0.5).Sample(on(Labels), new RandomStream(1))));
        yield return ("ClassBalancedSampler", on => Sampled(new ClassBalancedSampler(4, 0.5).Sample(on(Labels), new RandomStream(1))));
        yield return ("IouBalancedSampler", on => Sampled(new IouBalancedSampler(4, 0.5).Sample(on(Labels), on(Scores), new RandomStream(1))));
        yield return ("HardExamples.Negatives", on => Sampled(HardExamples.Negatives(on(Scores), on(Labels))));
        yield return ("BoxOps", on =>
        [
            BoxOps.DistanceIou(on(Boxes), on(Others)), BoxOps.CompleteIou(on(Boxes), on(Others)), BoxOps.Convert(on(Boxes), BoxFormat.Corners, BoxFormat.CenterSize), BoxOps.Clip(on(Boxes), (20, 20)),
            BoxOps.Area(on(Boxes)), BoxOps.KeepLarge(on(Boxes), 9),
        ]);
        yield return ("BoxLosses", on => WithGradient(on, Boxes, b => BoxLosses.Iou(b, on(Others)).add(BoxLosses.Generalized(b, on(Others))).add(BoxLosses.Distance(b, on(Others)))
            .add(BoxLosses.Complete(b, on(Others)))));
        yield return ("Losses.BalancedL1", on => WithGradient(on, Boxes, b => Rcnn.Ops.Losses.BalancedL1(b, on(Others), reduction: Reduction.None)));
        yield return ("MaskBoxes", on => [MaskBoxes.Around(on(Masks))]);
        yield return ("MaskTargets", on => [MaskTargets.Of(on(Masks), on(Boxes), on(tensor(new long[] { 0, 1, 1, 0, 0, 1 })), 7)]);
        yield return ("MaskPaste.Encode", on => [.. MaskPaste.Encode(on(Scores.view(6, 1, 1, 1).expand(6, 1, 4, 4).contiguous()), on(Boxes), (40, 40)).Select(r => on(tensor(r.Counts().Select(c => (long)c).ToArray())))]);
        yield return ("SoftNms", on => Soft(SoftNms.Run(on(Boxes), on(Scores), SoftNmsDecay.Gaussian())));
        yield return ("SoftNms.Batched", on => Soft(SoftNms.Batched(on(Boxes), on(Scores), on(Labels), SoftNmsDecay.Linear())));
        yield return ("MultiScaleNms", on =>
        {
            FusedDetections f = MultiScaleNms.Run([new ScaleDetections(on(Boxes), on(Scores), on(Labels)), new ScaleDetections(on(Others), on(Scores), on(Labels))], 0.5);
            return [f.Boxes, f.Scores, f.Labels, f.Source];
        });
        yield return ("WeightedBoxFusion", on =>
        {
            ScoredDetections f = WeightedBoxFusion.Run([new ScoredDetections(on(Boxes), on(Scores), on(Labels)), new ScoredDetections(on(Others), on(Scores), on(Labels))]);
            return [f.Boxes, f.Scores, f.Labels];
        });
        yield return ("RoiWarp", on => WithGradient(on, Map, m => RoiWarp.Apply(m, on(Rois), 3, 3, 0.25)));
        yield return ("MultiScaleRoiPooling of RoIWarp", on => WithGradient(on, Map, m => new MultiScaleRoiPooling(3, 3, new RoiWarpPooling()).Apply([m], [on(Boxes)], [(40, 40)])));
        yield return ("BoxPostProcess with sigmoid scores", on =>
        {
            ScoredDetections d = BoxPostProcess.Run(on(Boxes.narrow(1, 0, 3).mul(0.1)), on(zeros(6, 12)), [on(Boxes)], [(40, 40)], new BoxCoder(), new DetectionLimits(), ClassScores.Sigmoid)[0];
            return [d.Boxes, d.Scores, d.Labels];
        });
        yield return ("Conv3x3, which refuses", on =>
        {
            Tensor input = on(Map), weight = on(zeros(4, 4, 3, 3));
            if (input.is_cpu())
            {
                return [input];
            }

            Assert.Contains("conv2d", Assert.Throws<NotSupportedException>(() => new WinogradFilter(weight, null)).Message, StringComparison.Ordinal);
            using var filter = new WinogradFilter(zeros(4, 4, 3, 3), null);
            Assert.Contains("conv2d", Assert.Throws<NotSupportedException>(() => Conv3x3.Apply(input, filter)).Message, StringComparison.Ordinal);
            return [input];
        });
    }

    /// <summary>The same bits as on the CPU, and on the device; tensors on two devices are refused.</summary>
    public static void Check(Func<Func<Tensor, Tensor>, IEnumerable<Tensor>> run)
    {
        using var scope = NewDisposeScope();
        Tensor[] expected = [.. run(t => t)], got = [.. run(t => t.to(ShadowDevice.Device))];
        Assert.Equal(expected.Length, got.Length);
        foreach ((Tensor e, Tensor g) in expected.Zip(got))
        {
            Assert.Equal(ShadowDevice.Device, g.device);
            Assert.Equal(e.shape, g.shape);
            Assert.Equal(e.dtype, g.dtype);
            Assert.Equal(e.to(ScalarType.Float64).contiguous().data<double>().ToArray(), g.cpu().to(ScalarType.Float64).contiguous().data<double>().ToArray());
        }
    }

    private static Tensor Boxes => tensor(new float[] { 1, 2, 11, 12, 2, 3, 12, 14, 20, 5, 38, 30, 21, 6, 36, 33, 0, 0, 8, 8, 5, 25, 15, 39 }, [6, 4]);

    private static Tensor Others => Boxes.add(tensor(new float[] { 1, -1, 2, 3 }));

    private static Tensor Scores => tensor(new float[] { 0.9f, 0.8f, 0.7f, 0.6f, 0.35f, 0.1f });

    private static Tensor Labels => tensor(new long[] { 1, 0, 2, 0, 0, -1 });

    private static Tensor Rois => cat([zeros(6, 1), Boxes], 1);

    private static Tensor Map => arange(0, 4 * 10 * 10, ScalarType.Float32).view(1, 4, 10, 10).sin();

    private static Tensor Masks
    {
        get
        {
            Tensor masks = zeros([2, 40, 40], ScalarType.Byte);
            masks[0].narrow(0, 2, 20).narrow(1, 3, 9).fill_(1);
            masks[1].narrow(0, 10, 25).narrow(1, 12, 20).fill_(1);
            return masks;
        }
    }

    private static IEnumerable<Tensor> Sampled(SampledIndices s) => [s.Positive, s.Negative];

    private static IEnumerable<Tensor> Soft(SoftNmsResult r) => [r.Keep, r.Scores];

    private static IEnumerable<Tensor> WithGradient(Func<Tensor, Tensor> on, Tensor input, Func<Tensor, Tensor> run)
    {
        Tensor leaf = on(input).detach().requires_grad_(true), result = run(leaf);
        result.mul(result).sum().backward();
        return [result.detach(), leaf.grad!];
    }
}
