using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Criteria;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Core.Training;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models.Criteria;

/// <summary>Losses and samplers as settings of a whole detector.</summary>
public sealed class LossSettingsTests
{
    [Theory]
    [InlineData("rpn.classLoss.kind=focal-sigmoid", "rpn.sampler=all", "rpn.boxLoss.normalizer=foreground")]
    [InlineData("rpn.classLoss.kind=ohem", "rpn.dropOutsideAnchors=true")]
    [InlineData("roi.classLoss.kind=focal-softmax", "roi.boxLoss.normalizer=foreground")]
    [InlineData("roi.classLoss.kind=focal-sigmoid", "roi.sampler=all")]
    [InlineData("roi.classLoss.kind=ohem", "roi.batchPerImage=16")]
    [InlineData("roi.sampler=class-balanced", "roi.backgroundIouLow=0.1")]
    [InlineData("roi.sampler=iou-balanced", "roi.classAgnosticBoxes=true")]
    [InlineData("rpn.boxLoss.kind=l1", "roi.boxLoss.kind=balanced-l1", "roi.boxLoss.beta=1")]
    [InlineData("rpn.boxLoss.kind=giou", "roi.boxLoss.kind=giou", "roi.classAgnosticBoxes=true")]
    [InlineData("rpn.boxLoss.kind=diou", "roi.boxLoss.kind=ciou")]
    [InlineData("lossWeighting=uncertainty")]
    public void AFewSteps_LowerTheLoss(params string[] settings)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(ConfigOverrides.Apply(TinyDetector.SingleMap, settings), 3);
        (Tensor Image, Target Target)[] scenes = [TinyDetector.Scene(0), TinyDetector.Scene(9)];
        float before = Evaluate();
        using optim.Optimizer optimizer = optim.SGD(detector.parameters().Where(p => p.requires_grad), 0.01, momentum: 0.9);
        var random = new RandomStream(1);
        for (int step = 0; step < 25; step++)
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], random).Total().backward();
            nn.utils.clip_grad_norm_(detector.parameters(), 10);
            optimizer.step();
        }

        float after = Evaluate();
        Assert.True(after < 0.9 * before, $"{before} before, {after} after");
        Assert.All(detector.named_parameters().Where(p => p.parameter.requires_grad), p => Assert.All(TinyDetector.Floats(p.parameter), v => Assert.True(float.IsFinite(v), p.name)));

        float Evaluate()
        {
            using IDisposable off = no_grad();
            return detector.Losses([.. scenes.Select(s => s.Image)], [.. scenes.Select(s => s.Target)], new RandomStream(7)).Total().item<float>();
        }
    }

    [Theory]
    [InlineData("rpn.classLoss.kind=focal-sigmoid", "rpn.sampler=all", "roi.classLoss.kind=focal-sigmoid", "roi.sampler=all")]
    [InlineData("rpn.classLoss.kind=ohem", "roi.classLoss.kind=ohem", "roi.backgroundIouLow=0.1")]
    [InlineData("roi.sampler=class-balanced", "rpn.boxLoss.kind=giou", "roi.boxLoss.kind=ciou", "rpn.dropOutsideAnchors=true")]
    [InlineData("roi.sampler=iou-balanced", "lossWeighting=uncertainty", "roi.classLoss.kind=focal-softmax")]
    public void ImagesWithoutObjects_GiveFiniteLossesAndGradients(params string[] settings)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(ConfigOverrides.Apply(TinyDetector.Pyramid, settings), 0);
        (Tensor image, _) = TinyDetector.Scene(0);
        LossParts losses = detector.Losses([image, image], [TinyDetector.Empty(), TinyDetector.Empty()], new RandomStream(0));
        Assert.All(losses.Parts, p => Assert.True(float.IsFinite(p.Value.item<float>()), p.Name));
        losses.Total().backward();
        Assert.All(detector.named_parameters(), p => Assert.All(TinyDetector.Floats(p.parameter.grad ?? zeros([1])), v => Assert.True(float.IsFinite(v), p.name)));
    }

    [Fact]
    public void Ohem_TakesTheRegionsOfHighestLoss()
    {
        using var scope = NewDisposeScope();
        // NMS at 1 leaves out nothing, so that the choice is the plain top of the losses.
        DetectorConfig config = ConfigOverrides.Apply(TinyDetector.SingleMap, ["roi.classLoss.kind=ohem", "roi.batchPerImage=10", "roi.classLoss.ohemNms=1", "roi.boxLossWeight=0"]);
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        (Tensor image, Target target) = TinyDetector.Scene(0);
        using IDisposable off = no_grad();
        ImageBatch batch = detector.Transform.Batch([image], 1);
        IReadOnlyList<Tensor> maps = detector.Backbone.call(batch.Pixels);
        IReadOnlyList<Tensor> proposals = detector.Rpn.Propose(detector.Rpn.call(maps), batch, train: true);
        RegionSamples all = detector.Regions.Sample(proposals, [target.Boxes], [target.Labels], null);
        Assert.Equal(proposals[0].shape[0] + 2, all.Boxes[0].shape[0]);
        float[] loss = TinyDetector.Floats(ClassCriterion.Rows(detector.Regions.Predict(maps, all.Boxes, batch).Logits, all.Labels));
        RegionSamples hardest = detector.Regions.Hardest(all, maps, batch);
        float[] mined = TinyDetector.Floats(ClassCriterion.Rows(detector.Regions.Predict(maps, hardest.Boxes, batch).Logits, hardest.Labels));
        float[] expected = [.. loss.OrderDescending().Take(10)], got = [.. mined.OrderDescending()];
        Assert.Equal(10, got.Length);
        Assert.All(expected.Zip(got), p => Assert.Equal(p.First, p.Second, 1e-4));
    }

    [Fact]
    public void Select_KeepsLabelsBoxesAndForegroundTogether()
    {
        using var scope = NewDisposeScope();
        // Two images: rows 0 and 2 of the first and row 1 of the second are foreground.
        Tensor first = arange(12, float32).view(3, 4), second = arange(100, 108, float32).view(2, 4);
        var samples = new RegionSamples([first, second], tensor(new long[] { 5, 0, 6, 0, 7 }), tensor(new long[] { 0, 2, 4 }), tensor(new long[] { 5, 6, 7 }),
            arange(12, float32).view(3, 4), [first.index_select(0, tensor(new long[] { 0, 2 })), second.narrow(0, 1, 1)], [tensor(new long[] { 0, 1 }), tensor(new long[] { 3 })]);
        RegionSamples some = samples.Select([[1, 2], [0, 1]]);
        Assert.Equal([0L, 6, 0, 7], some.Labels.data<long>().ToArray());
        Assert.Equal([1L, 3], some.Foreground.data<long>().ToArray());
        Assert.Equal([6L, 7], some.ForegroundLabels.data<long>().ToArray());
        Assert.Equal([4f, 8], TinyDetector.Floats(some.Deltas.select(1, 0)));
        Assert.Equal([8f], TinyDetector.Floats(some.ForegroundBoxes[0].select(1, 0)));
        Assert.Equal([104f], TinyDetector.Floats(some.ForegroundBoxes[1].select(1, 0)));
        Assert.Equal([1L], some.ForegroundObjects[0].data<long>().ToArray());
        Assert.Equal([4f, 8], TinyDetector.Floats(some.Boxes[0].select(1, 0)));
        RegionSamples none = samples.Select([[1], []]);
        Assert.Equal((0L, 0L, 0L), (none.Foreground.shape[0], none.ForegroundBoxes[1].shape[0], none.Boxes[1].shape[0]));
    }

    [Fact]
    public void ClassAgnosticBoxes_HaveFourOutputs_AndAreDetected()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = DetectorFactory.Create(ConfigOverrides.Apply(TinyDetector.SingleMap, ["roi.classAgnosticBoxes=true", "output.scoreThreshold=0"]), 0);
        Assert.Equal([4L, 64], detector.state_dict()["roi_heads.box_predictor.bbox_pred.weight"].shape);
        detector.eval();
        Assert.True(detector.Detect([TinyDetector.Scene(0).Image])[0].Count > 0);
    }

    [Fact]
    public void UncertaintyWeights_AreParametersOfTheDetector_OnlyWhenAskedFor()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector plain = DetectorFactory.Create(TinyDetector.Mask, 0), learnt = DetectorFactory.Create(TinyDetector.Mask with { LossWeighting = "uncertainty" }, 0);
        Assert.Equal(["loss_weights.log_variance"], learnt.state_dict().Keys.Except(plain.state_dict().Keys));
        Assert.Equal([5L], learnt.state_dict()["loss_weights.log_variance"].shape);
        DetectorWeights.Report report = DetectorWeights.Load(learnt, plain.state_dict(), "plain");
        Assert.Equal(["loss_weights.log_variance"], report.Missing);
    }

    [Fact]
    public void UncertaintyWeights_AreTrained_AndSavedInCheckpoints()
    {
        using var folder = new Training.TemporaryFolder();
        int threads = Engine.Threads;
        try
        {
            TrainConfig config = Training.TinyDetector.Config(2, "model.lossWeighting=uncertainty", "stop.steps=3", "checkpointEvery=2", "model.roi.classLoss.kind=ohem");
            var data = Training.TinyDetector.Data(4);
            RunSummary whole = TrainingRun.Execute(config with { Model = config.Model with { Classes = data.ClassNames.Count + 1 } }, data, null, folder.File("whole"));
            Dictionary<string, Tensor> saved = Rcnn.Core.Weights.WeightFile.Read(Path.Combine(whole.Folder, "checkpoint-00000003", "weights.safetensors")).ToDictionary(e => e.Key, e => e.Value);
            Assert.All(TinyDetector.Floats(saved["loss_weights.log_variance"]), v => Assert.NotEqual(0, v));
        }
        finally
        {
            Engine.Threads = threads;
        }
    }

    [Theory]
    [InlineData("rpn.classLoss.kind=focal", "rpn.classLoss.kind=focal: expected cross-entropy, focal-sigmoid, ohem; did you mean focal-sigmoid?")]
    [InlineData("rpn.classLoss.kind=focal-softmax", "did you mean focal-sigmoid?")]
    [InlineData("roi.classLoss.kind=OHEM", "did you mean ohem?")]
    [InlineData("roi.boxLoss.kind=smoothl1", "did you mean smooth-l1?")]
    [InlineData("rpn.boxLoss.normalizer=sample", "did you mean samples?")]
    [InlineData("roi.sampler=balance", "did you mean balanced?")]
    [InlineData("rpn.sampler=al", "did you mean all?")]
    [InlineData("rpn.postNmsPerLevel=0", "rpn.postNmsPerLevel=0: expected a positive number or null")]
    [InlineData("lossWeighting=uncertain", "did you mean uncertainty?")]
    [InlineData("roi.backgroundIouLow=0.7", "roi.backgroundIouLow=0.7: expected a value in [0,0.5]")]
    [InlineData("roi.classLoss.focalAlpha=1.5", "roi.classLoss.focalAlpha=1.5: expected a value in [0,1]")]
    [InlineData("rpn.boxLoss.beta=-1", "rpn.boxLoss.beta=-1: expected a number that is not negative")]
    [InlineData("roi.boxLossWeight=-2", "roi.boxLossWeight=-2: expected a number that is not negative")]
    public void WrongSetting_NamesFieldAndNearestValue(string setting, string message)
    {
        DetectorConfig config = ConfigOverrides.Apply(TinyDetector.SingleMap, [setting]);
        Assert.Contains(message, Assert.Throws<RcnnException>(() => DetectorFactory.Create(config, 0)).Message);
    }
}
