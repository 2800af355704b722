using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

public sealed class DetectorBehaviourTests
{
    [Theory]
    [InlineData("fc")]
    [InlineData("conv5")]
    [InlineData("pyramid")]
    public void Training_OnTwoScenes_FindsTheirObjects(string kind)
    {
        using var outer = NewDisposeScope();
        DetectorConfig conv5 = TinyDetector.SingleMap with { Roi = TinyDetector.SingleMap.Roi with { Head = "conv5", PoolSize = 8 } };
        using TwoStageDetector detector = DetectorFactory.Create(kind == "pyramid" ? TinyDetector.Pyramid : kind == "conv5" ? conv5 : TinyDetector.SingleMap, 3);
        (Tensor Image, Target Target)[] scenes = [TinyDetector.Scene(0), TinyDetector.Scene(9)];
        var random = new RandomStream(1);
        Train(detector, scenes, random, 120, 0.02);
        Train(detector, scenes, random, 40, 0.004);
        detector.eval();
        IReadOnlyList<Detections> found = detector.Detect([.. scenes.Select(s => s.Image)]);
        for (int i = 0; i < scenes.Length; i++)
        {
            Assert.True(found[i].Count >= 2, $"scene {i}: {found[i].Count} detections");
            using Tensor iou = BoxOps.Iou(scenes[i].Target.Boxes, found[i].Boxes);
            long[] labels = found[i].Labels.data<long>().ToArray();
            for (int k = 0; k < 2; k++)
            {
                double best = Enumerable.Range(0, 2).Where(j => labels[j] == k + 1).Select(j => (double)iou[k, j].item<float>()).DefaultIfEmpty(0).Max();
                Assert.True(best > 0.6, $"scene {i}, object {k}: best overlap {best} among the two best of {found[i].Count}");
            }
        }
    }

    [Fact]
    public void Losses_OfAnImageWithoutObjects_AreFiniteAndTrain()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 0);
        (Tensor image, _) = TinyDetector.Scene(0);
        LossParts losses = detector.Losses([image, image], [TinyDetector.Empty(), TinyDetector.Empty()], new RandomStream(0));
        Assert.Equal(["loss_objectness", "loss_rpn_box_reg", "loss_classifier", "loss_box_reg"], losses.Parts.Select(p => p.Name));
        Assert.All(losses.Parts, p => Assert.True(float.IsFinite(p.Value.item<float>()), p.Name));
        Assert.Equal(0, losses.Parts[1].Value.item<float>());
        Assert.Equal(0, losses.Parts[3].Value.item<float>());
        losses.Total().backward();
        Assert.All(detector.named_parameters(), p => Assert.All(TinyDetector.Floats(p.parameter.grad ?? zeros([1])), v => Assert.True(float.IsFinite(v), p.name)));
    }

    [Fact]
    public void Training_LeavesFrozenStagesAndStatisticsAsTheyWere()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.SingleMap with { Backbone = TinyDetector.SingleMap.Backbone with { FreezeStages = 2 } };
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        Dictionary<string, float[]> before = detector.state_dict().ToDictionary(e => e.Key, e => TinyDetector.Floats(e.Value));
        Train(detector, [TinyDetector.Scene(0)], new RandomStream(0), 2, 0.01);
        foreach ((string name, Tensor value) in detector.state_dict())
        {
            bool fixedPart = name.StartsWith("backbone.body.conv1", StringComparison.Ordinal) || name.Contains("layer1", StringComparison.Ordinal)
                || name.Contains(".bn", StringComparison.Ordinal) || name.Contains("downsample.1", StringComparison.Ordinal);
            Assert.True(before[name].SequenceEqual(TinyDetector.Floats(value)) == fixedPart, $"{name} {(fixedPart ? "changed" : "did not change")}");
        }
    }

    [Fact]
    public void Detect_WhenNoProposalPasses_GivesEmptyDetections()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.Pyramid with { Rpn = TinyDetector.Pyramid.Rpn with { ScoreThreshold = 0.999 } };
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        Detections found = detector.Detect([TinyDetector.Scene(0).Image])[0];
        Assert.Equal(0, found.Count);
        Assert.Equal([0, 4], found.Boxes.shape);
    }

    [Fact]
    public void Losses_WhenNoProposalPasses_TrainOnTheObjectsAlone()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = TinyDetector.Pyramid with { Rpn = TinyDetector.Pyramid.Rpn with { ScoreThreshold = 0.999 } };
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        (Tensor image, Target target) = TinyDetector.Scene(0);
        LossParts losses = detector.Losses([image, image], [target, TinyDetector.Empty()], new RandomStream(0));
        Assert.All(losses.Parts, p => Assert.True(float.IsFinite(p.Value.item<float>()), p.Name));
    }

    // libtorch's convolutions and matrix products split their sums over threads, so another number of threads rounds differently; the same one does not.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Training_Repeated_IsTheSameToTheBit(int threads) =>
        Assert.Equal(WithThreads(threads, () => Found(2)), WithThreads(threads, () => Found(2)));

    [Fact]
    public void Detect_AtOneAndTwoThreads_DiffersByRoundingOnly()
    {
        float[] one = WithThreads(1, () => Found(0)), two = WithThreads(2, () => Found(0));
        Assert.Equal(one.Length, two.Length);
        Assert.True(one.Zip(two).All(p => Math.Abs(p.First - p.Second) <= 1e-5 + 1e-4 * Math.Abs(p.First)));
    }

    [Fact]
    public void Training_AtOneAndTwoThreads_DiffersByRoundingOnly()
    {
        float[] one = WithThreads(1, () => Step()), two = WithThreads(2, () => Step());
        Assert.True(one.Zip(two).All(p => Math.Abs(p.First - p.Second) <= 1e-5 + 1e-4 * Math.Abs(p.First)));

        static float[] Step()
        {
            using var scope = NewDisposeScope();
            using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 0);
            Train(detector, [TinyDetector.Scene(0), TinyDetector.Scene(4)], new RandomStream(0), 1, 0.01);
            return TinyDetector.Values(detector);
        }
    }

    private static float[] WithThreads(int threads, Func<float[]> work)
    {
        int before = Engine.Threads;
        Engine.Threads = threads;
        try
        {
            return work();
        }
        finally
        {
            Engine.Threads = before;
        }
    }

    private static float[] Found(int steps)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 0);
        Train(detector, [TinyDetector.Scene(0), TinyDetector.Scene(4)], new RandomStream(0), steps, 0.01);
        detector.eval();
        Detections found = detector.Detect([TinyDetector.Scene(2).Image])[0];
        return [.. TinyDetector.Values(detector), .. TinyDetector.Floats(found.Boxes), .. TinyDetector.Floats(found.Scores)];
    }

    [Fact]
    public void Detect_AfterWeightsChange_UsesTheNewOnes()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.Pyramid, 0), other = DetectorFactory.Create(TinyDetector.Pyramid, 1);
        detector.eval();
        other.eval();
        Tensor image = TinyDetector.Scene(0).Image;
        using IDisposable noGradient = no_grad();
        Tensor pixels = detector.Transform.Batch([image]).Pixels;
        float[] old = TinyDetector.Floats(detector.Backbone.call(pixels)[0]);
        detector.load_state_dict(other.state_dict());
        float[] now = TinyDetector.Floats(detector.Backbone.call(pixels)[0]), expected = TinyDetector.Floats(other.Backbone.call(pixels)[0]);
        Assert.NotEqual(old, now);
        Assert.Equal(expected, now);
    }

    [Fact]
    public void Detect_LeavesTheStateAndTheModeAlone()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.SingleMap with { Backbone = TinyDetector.SingleMap.Backbone with { Norm = "bn" } }, 0);
        detector.eval();
        string[] names = [.. detector.state_dict().Keys];
        float[] before = TinyDetector.Values(detector);
        detector.Detect([TinyDetector.Scene(0).Image]);
        Assert.Equal(names, detector.state_dict().Keys);
        Assert.Equal(before, TinyDetector.Values(detector));
        Assert.False(detector.training);
    }

    [Fact]
    public void Losses_WithALabelOutOfRange_NamesImageAndValue()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(TinyDetector.SingleMap, 0);
        (Tensor image, Target target) = TinyDetector.Scene(0);
        var wrong = new Target(target.Boxes, tensor(new long[] { 1, 3 }), 77);
        ArgumentException e = Assert.Throws<ArgumentException>(() => detector.Losses([image], [wrong], null));
        Assert.Contains("77", e.Message, StringComparison.Ordinal);
        Assert.Contains("got 3", e.Message, StringComparison.Ordinal);
    }

    private static void Train(TwoStageDetector detector, (Tensor Image, Target Target)[] scenes, RandomStream random, int steps, double rate)
    {
        detector.train();
        using optim.Optimizer optimizer = optim.SGD(detector.parameters().Where(p => p.requires_grad), rate, momentum: 0.9);
        for (int step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            LossParts losses = detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], random);
            optimizer.zero_grad();
            losses.Total().backward();
            nn.utils.clip_grad_norm_(detector.parameters(), 10);
            optimizer.step();
        }
    }
}
