using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class MaskBranchTests
{
    [Theory]
    [InlineData("sigmoid")]
    [InlineData("softmax")]
    public void AddLoss_EqualsTheFormulaInDouble(string activation)
    {
        using var scope = NewDisposeScope();
        (TwoStageDetector detector, ImageBatch batch, IReadOnlyList<Tensor> maps) = Prepare(activation);
        // Cells of a grid that falls on whole pixels: every cell of the target is the mean of whole mask pixels.
        Tensor boxes = tensor(new float[] { 0, 0, 28, 28, 14, 28, 70, 84 }, [2, 4]);
        var samples = new RegionSamples(
            [boxes], tensor(new long[] { 1, 2 }), tensor(new long[] { 0, 1 }), tensor(new long[] { 1, 2 }), zeros([2, 4]), [boxes], [tensor(new long[] { 1, 0 })]);
        Tensor masks = zeros([2, 96, 128], ScalarType.Byte);
        masks[1].narrow(0, 0, 96).narrow(1, 0, 14).fill_(1);
        masks[0].narrow(0, 56, 40).fill_(1);
        var losses = new LossParts();
        detector.Regions.Mask!.AddLoss(losses, maps, samples, [masks], batch);

        float[] logits = TinyDetector.Floats(detector.Regions.Mask.Predict(maps, [boxes], batch));
        double sum = 0;
        for (int r = 0; r < 2; r++)
        {
            for (int y = 0; y < 14; y++)
            {
                for (int x = 0; x < 14; x++)
                {
                    double target = Target(r, y, x);
                    double Logit(int c) => logits[((r * 3 + c) * 14 + y) * 14 + x];
                    double own = Logit(r + 1);
                    double all = Math.Log(Enumerable.Range(0, 3).Sum(c => Math.Exp(Logit(c))));
                    sum -= activation == "softmax"
                        ? target * (own - all) + (1 - target) * (Logit(0) - all)
                        : target * -Math.Log(1 + Math.Exp(-own)) + (1 - target) * -Math.Log(1 + Math.Exp(own));
                }
            }
        }

        Assert.Equal("loss_mask", losses.Parts.Single().Name);
        Assert.Equal(sum / (2 * 14 * 14), losses.Parts[0].Value.item<float>(), 1e-5);

        // Bilinear samples at the cell's grid points of the legacy RoIAlign, pixel centres at whole numbers.
        double Target(int region, int row, int column)
        {
            (double x0, double y0, double side) = region == 0 ? (0, 0, 28) : (14.0, 28.0, 56.0);
            int samplesPerAxis = (int)Math.Ceiling(side / 14);
            double total = 0;
            for (int i = 0; i < samplesPerAxis; i++)
            {
                for (int j = 0; j < samplesPerAxis; j++)
                {
                    double y = y0 + (row + (i + 0.5) / samplesPerAxis) * side / 14, x = x0 + (column + (j + 0.5) / samplesPerAxis) * side / 14;
                    total += region == 0 ? Math.Clamp(14 - x, 0, 1) : Math.Clamp(y - 55, 0, 1);
                }
            }

            return total / (samplesPerAxis * samplesPerAxis);
        }
    }

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("softmax")]
    public void AddLoss_WithoutForeground_IsZeroAndReachesTheBranch(string activation)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(Config(activation), 0);
        (Tensor image, _) = TinyDetector.MaskedScene(0);
        Target empty = TinyDetector.Empty() with { Masks = zeros([0, 96, 128], ScalarType.Byte) };
        LossParts losses = detector.Losses([image], [empty], new RandomStream(0));
        Assert.Equal("loss_mask", losses.Parts[^1].Name);
        Assert.Equal(0, losses.Parts[^1].Value.item<float>());
        losses.Total().backward();
        Assert.All(
            detector.named_parameters().Where(p => p.name.Contains("mask_", StringComparison.Ordinal)),
            p => Assert.All(TinyDetector.Floats(p.parameter.grad!), v => Assert.Equal(0, v)));
    }

    [Theory]
    [InlineData("sigmoid")]
    [InlineData("softmax")]
    public void Training_OnTwoScenes_SegmentsTheirObjects(string activation)
    {
        using var outer = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(Config(activation), 3);
        (Tensor Image, Target Target)[] scenes = [TinyDetector.MaskedScene(0), TinyDetector.MaskedScene(9)];
        var random = new RandomStream(1);
        detector.train();
        using optim.Optimizer optimizer = optim.SGD(detector.parameters(), 0.02, momentum: 0.9);
        for (int step = 0; step < 240; step++)
        {
            // A last stretch at a small rate, so that the end does not hang on the rounding of one step.
            foreach (optim.ILearningRateController group in optimizer.ParamGroups)
            {
                group.LearningRate = step < 180 ? 0.02 : 0.004;
            }

            using var scope = NewDisposeScope();
            LossParts losses = detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], random);
            optimizer.zero_grad();
            losses.Total().backward();
            nn.utils.clip_grad_norm_(detector.parameters(), 10);
            optimizer.step();
        }

        detector.eval();
        IReadOnlyList<Detections> found = detector.Detect([.. scenes.Select(s => s.Image)]);
        for (int i = 0; i < scenes.Length; i++)
        {
            Assert.Equal([found[i].Count, 1, 14, 14], found[i].Masks!.shape);
            Tensor pasted = MaskPaste.Apply(found[i].Masks!, found[i].Boxes, (96, 128)).squeeze(1).ge(0.5);
            long[] labels = found[i].Labels.data<long>().ToArray();
            for (int k = 0; k < 2; k++)
            {
                int at = Array.IndexOf(labels, k + 1L);
                Assert.True(at >= 0, $"scene {i}: no object of class {k + 1}");
                Tensor truth = scenes[i].Target.Masks![k].gt(0);
                double both = truth.logical_and(pasted[at]).sum().item<long>(), either = truth.logical_or(pasted[at]).sum().item<long>();
                // The box alone would overlap by 0.75.
                Assert.True(both / either > 0.8, $"scene {i}, class {k + 1}: mask overlap {both / either:F3}");
            }
        }
    }

    [Fact]
    public void Detect_WithoutDetections_GivesNoMasks()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.Mask with { Output = new() { ScoreThreshold = 0.999 } };
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        Assert.Equal([0, 1, 14, 14], detector.Detect([TinyDetector.Scene(0).Image])[0].Masks!.shape);
    }

    [Fact]
    public void Losses_WithoutMasks_NamesTheImage()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Mask, 0);
        (Tensor image, Target target) = TinyDetector.Scene(5);
        ArgumentException e = Assert.Throws<ArgumentException>(() => detector.Losses([image], [target], null));
        Assert.Contains("image 5", e.Message, StringComparison.Ordinal);
        Assert.Contains("[2,96,128]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WithAnUnknownActivation_NamesIt()
    {
        RcnnException e = Assert.Throws<RcnnException>(() => DetectorFactory.Create(Config("tanh"), 0));
        Assert.Contains("model.roi.mask.activation=tanh", e.Message, StringComparison.Ordinal);
    }

    private static DetectorConfig Config(string activation) =>
        TinyDetector.Mask with { Roi = TinyDetector.Mask.Roi with { Mask = TinyDetector.Mask.Roi.Mask with { Activation = activation } } };

    private static (TwoStageDetector Detector, ImageBatch Batch, IReadOnlyList<Tensor> Maps) Prepare(string activation)
    {
        TwoStageDetector detector = DetectorFactory.Create(Config(activation), 0);
        ImageBatch batch = detector.Transform.Batch([TinyDetector.Scene(0).Image]);
        return (detector, batch, detector.Regions.Pooled(detector.Backbone.call(batch.Pixels)));
    }
}
