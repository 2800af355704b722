using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BoxFusionTests
{
    [Fact]
    public void MultiScaleNms_WithoutRanges_IsBatchedNmsOfTheUnion()
    {
        var random = new RandomStream(1);
        ScaleDetections[] scales = [.. Enumerable.Range(0, 3).Select(k => Detections(random, 40 + 30 * k))];
        Tensor boxes = cat([.. scales.Select(s => s.Boxes)], 0), scores = cat([.. scales.Select(s => s.Scores)], 0), labels = cat([.. scales.Select(s => s.Labels)], 0);
        Tensor keep = Nms.Batched(boxes, scores, labels, 0.4);
        using FusedDetections fused = MultiScaleNms.Run(scales, 0.4);
        Assert.Equal(Inputs.Floats(boxes.index_select(0, keep)), Inputs.Floats(fused.Boxes));
        Assert.Equal(Inputs.Floats(scores.index_select(0, keep)), Inputs.Floats(fused.Scores));
        Assert.Equal(Inputs.Longs(labels.index_select(0, keep)), Inputs.Longs(fused.Labels));
        Assert.Equal(Inputs.Longs(keep).Select(i => i < 40 ? 0L : i < 110 ? 1 : 2), Inputs.Longs(fused.Source));
        using FusedDetections three = MultiScaleNms.Run(scales, 0.4, limit: 3);
        Assert.Equal(Inputs.Floats(fused.Scores)[..3], Inputs.Floats(three.Scores));
    }

    [Fact]
    public void MultiScaleNms_Ranges_LetEachCopySpeakForItsSizes()
    {
        // Sides 4 and 9, both seen by both copies; a box without area is in no range.
        Tensor boxes = Inputs.BoxTensor([0, 0, 4, 4, 20, 20, 29, 29, 5, 5, 5, 5]), labels = ones([3], int64);
        var small = new ScaleDetections(boxes, tensor(new[] { 0.5f, 0.9f, 0.9f }), labels, SmallestSide: 0, LargestSide: 8);
        var large = new ScaleDetections(boxes, tensor(new[] { 0.9f, 0.5f, 0.9f }), labels, SmallestSide: 8);
        using FusedDetections fused = MultiScaleNms.Run([small, large], 0.5);
        Assert.Equal([0L, 1], Inputs.Longs(fused.Source));
        Assert.Equal([0.5f, 0.5f], Inputs.Floats(fused.Scores));
        Assert.Equal([0f, 0, 4, 4, 20, 20, 29, 29], Inputs.Floats(fused.Boxes));
    }

    [Fact]
    public void MultiScaleNms_WrongInput_IsNamed()
    {
        Assert.Contains("got 0 and", Assert.Throws<ArgumentException>(() => MultiScaleNms.Run([], 0.5)).Message);
        Assert.Contains("scales[0]: smallest side < largest side expected, got 8 and 8",
            Assert.Throws<ArgumentException>(() => MultiScaleNms.Run([new ScaleDetections(zeros([0, 4]), zeros([0]), zeros([0], int64), 8, 8)], 0.5)).Message);
    }

    [Fact]
    public void Fusion_TwoSources_AverageByScore()
    {
        // Scores 0.8 and 0.4 of boxes one pixel apart: x1 = (0·0.8 + 1·0.4)/1.2 = 1/3; score the mean, 0.6. The lone box has 0.6·1/2.
        var first = new ScoredDetections(Inputs.BoxTensor([0, 0, 10, 10, 50, 50, 60, 60]), tensor(new[] { 0.8f, 0.6f }), tensor(new[] { 1L, 1 }));
        var second = new ScoredDetections(Inputs.BoxTensor([1, 0, 11, 10, 50, 50, 60, 60]), tensor(new[] { 0.4f, 0.2f }), tensor(new[] { 1L, 2 }));
        using ScoredDetections fused = WeightedBoxFusion.Run([first, second]);
        Inputs.Close([1.0 / 3, 0, 10 + 1.0 / 3, 10, 50, 50, 60, 60, 50, 50, 60, 60], Inputs.Floats(fused.Boxes), 1e-6);
        Inputs.Close([0.6, 0.3, 0.1], Inputs.Floats(fused.Scores), 1e-6);
        Assert.Equal([1L, 1, 2], Inputs.Longs(fused.Labels));
    }

    [Fact]
    public void Fusion_Weights_ScaleScoresAndTheirBelief()
    {
        // Scores 0.8·3 and 0.4·1: mean 1.4; two boxes of a total weight of 4: 1.4·2/4. Corners by 2.4 and 0.4.
        var first = new ScoredDetections(Inputs.BoxTensor([0, 0, 10, 10]), tensor(new[] { 0.8f }), ones([1], int64));
        var second = new ScoredDetections(Inputs.BoxTensor([1, 0, 11, 10]), tensor(new[] { 0.4f }), ones([1], int64));
        using ScoredDetections fused = WeightedBoxFusion.Run([first, second], weights: [3, 1]);
        Inputs.Close([0.4 / 2.8, 0, 10 + 0.4 / 2.8, 10], Inputs.Floats(fused.Boxes), 1e-6);
        Inputs.Close([0.7], Inputs.Floats(fused.Scores), 1e-6);
    }

    [Fact]
    public void Fusion_OfTheSameDetectionsTwice_IsThoseDetections()
    {
        var random = new RandomStream(3);
        // Apart from each other, so that every box is its own cluster.
        float[] boxes = [.. Enumerable.Range(0, 30).SelectMany(i => new[] { 20f * i, 3, 20f * i + (float)random.NextDouble(5, 15), 12 })];
        float[] scores = [.. Enumerable.Range(0, 30).Select(i => 0.9f - 0.02f * i)];
        var source = new ScoredDetections(Inputs.BoxTensor(boxes), tensor(scores), ones([30], int64));
        using ScoredDetections fused = WeightedBoxFusion.Run([source, source]);
        Inputs.Close([.. boxes.Select(v => (double)v)], Inputs.Floats(fused.Boxes), 1e-4);
        Inputs.Close([.. scores.Select(v => (double)v)], Inputs.Floats(fused.Scores), 1e-6);
    }

    [Fact]
    public void Fusion_EmptyAndSkipped_GiveNothing_AndWrongInputIsNamed()
    {
        var none = new ScoredDetections(zeros([0, 4]), zeros([0]), zeros([0], int64));
        var low = new ScoredDetections(Inputs.BoxTensor([0, 0, 1, 1, 0, 0, 1, 1]), tensor(new[] { 0.01f, float.NaN }), ones([2], int64));
        using ScoredDetections fused = WeightedBoxFusion.Run([none, low], skipBelow: 0.05);
        Assert.Equal([0L, 4], fused.Boxes.shape);
        Assert.Contains("weights [1, 0]", Assert.Throws<ArgumentException>(() => WeightedBoxFusion.Run([none, low], weights: [1, 0])).Message);
    }

    private static ScaleDetections Detections(RandomStream random, int count) => new(
        Inputs.BoxTensor(Inputs.Boxes(random, count)), tensor(Enumerable.Range(0, count).Select(_ => (float)Math.Round(random.NextDouble(), 2)).ToArray()),
        tensor(Enumerable.Range(0, count).Select(_ => 1L + random.NextInt(3)).ToArray()));
}
