using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Models.Input;
using Rcnn.Core.Models.Output;
using Rcnn.Core.Models.Stage1Proposals;
using Rcnn.Core.Models.Stage2Regions;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models;

/// <summary>Where py-faster-rcnn counts both corners of a box, from the way into the network to the way out.</summary>
public sealed class InclusiveConventionTests
{
    // A map of 3×3 cells, 16 pixels apart; the last anchor is (24, 24, 40, 40).
    private static readonly RpnConfig OneAnchor = new() { Anchors = new() { Sizes = [[16]], AspectRatios = [1] } };

    [Theory]
    [InlineData("half-open", 36)]
    [InlineData("inclusive", 35)]
    public void Proposals_AreClippedByTheirExtent(string extent, float edge)
    {
        using var scope = NewDisposeScope();
        using var rpn = new RegionProposalNetwork(OneAnchor with { SelectionExtent = extent, ScoreThreshold = 0.1 }, ["0"], 4);
        Tensor logits = full([1, 1, 3, 3], -30, ScalarType.Float32);
        logits[0, 0, 2, 2] = tensor(1f);
        Assert.Equal([24f, 24, edge, edge], TinyDetector.Floats(rpn.Propose(new RpnPrediction([logits], [zeros([1, 4, 3, 3])]), Batch(36), train: false)[0]));
    }

    [Theory]
    [InlineData("half-open", 36)]
    [InlineData("inclusive", 35)]
    public void Detections_AreClippedByTheirExtent(string extent, float edge)
    {
        using var scope = NewDisposeScope();
        var output = new DetectionOutput(new OutputConfig { SelectionExtent = extent }, new RoiConfig());
        Detections found = output.Run(new RegionPrediction(zeros([1, 2]), zeros([1, 8])), [tensor(new float[] { 24, 24, 50, 50 }, [1, 4])], Batch(36))[0];
        Assert.Equal([24f, 24, edge, edge], TinyDetector.Floats(found.Boxes));
    }

    /// <summary>The last anchor ends at the image's border: inside where x2 is the first pixel outside, outside where it is the last pixel. Then another anchor has to learn the object.</summary>
    [Theory]
    [InlineData("half-open", true)]
    [InlineData("inclusive", false)]
    public void OutsideAnchors_AreToldByTheExtent(string extent, bool perfect)
    {
        using var scope = NewDisposeScope();
        using var rpn = new RegionProposalNetwork(OneAnchor with { BoxExtent = extent, DropOutsideAnchors = true }, ["0"], 4);
        var losses = new LossParts();
        rpn.AddLosses(losses, new RpnPrediction([zeros([1, 1, 3, 3])], [zeros([1, 4, 3, 3])]), Batch(40), [tensor(new float[] { 24, 24, 40, 40 }, [1, 4])], null);
        float loss = losses.Parts.Single(p => p.Name == "loss_rpn_box_reg").Value.item<float>();
        Assert.Equal(perfect, loss == 0);
    }

    /// <summary>Of 10×10 pixels (0,0)–(9,9), 2×2 are shared with (8,8)–(17,17): IoU 4/196; half-open 1/161.</summary>
    [Theory]
    [InlineData("half-open", new long[] { 1 })]
    [InlineData("inclusive", new long[] { 0, 1 })]
    public void BackgroundRange_MeasuresByTheExtent(string extent, long[] expected)
    {
        using var scope = NewDisposeScope();
        var sampler = new RegionSampler(new RoiConfig { BackgroundIouLow = 0.015, BoxExtent = extent });
        Tensor candidates = tensor(new float[] { 8, 8, 17, 17, 4, 4, 13, 13 }, [2, 4]), objects = tensor(new float[] { 0, 0, 9, 9 }, [1, 4]);
        long[] drawn = [.. sampler.Draw(tensor(new long[] { -1, -1 }), candidates, objects, ones([1], ScalarType.Int64), null).Negative.data<long>()];
        Assert.Equal(expected, drawn);
    }

    /// <summary>The last pixel is moved before boxes are scaled, as py-faster-rcnn's annotations have it; half a pixel becomes one.</summary>
    [Fact]
    public void Corners_EnterOneSmaller_AndComeBack()
    {
        using var scope = NewDisposeScope();
        var batch = new ImageBatch(zeros([1, 3, 192, 256]), [new ImageSize(192, 256)], [new ImageSize(96, 128)]);
        Tensor boxes = tensor(new[] { 10f, 20, 30, 40, 10, 20, 10.5f, 40 }, [2, 4]);
        Assert.Equal([20f, 40, 60, 80, 20, 40, 21, 80], TinyDetector.Floats(new InputTransform(new InputConfig()).ToBatch(boxes, batch, 0)));
        var inclusive = new InputTransform(new InputConfig { Corners = "inclusive" });
        Tensor inside = inclusive.ToBatch(boxes, batch, 0);
        Assert.Equal([20f, 40, 58, 78, 20, 40, 20, 78], TinyDetector.Floats(inside));
        Assert.Equal([10f, 20, 30, 40, 10, 20, 11, 40], TinyDetector.Floats(inclusive.ToImage(inside, batch, 0)));
        Assert.Contains("input.corners: half-open or inclusive expected, got 'both'", Assert.Throws<RcnnException>(() => new InputTransform(new InputConfig { Corners = "both" })).Message);
    }

    /// <summary>A detection that is clipped at the far border still reaches it in the image's half-open pixels.</summary>
    [Fact]
    public void FastRcnn_OfCaffe2015_Trains_AndDetectsUpToTheBorder()
    {
        using var scope = NewDisposeScope();
        DetectorConfig config = Convention.Apply(TinyDetector.SingleMap with { Assembly = "fast-rcnn" }, null, "caffe2015");
        config = config with { Input = config.Input with { MinSize = 96, MaxSize = 128 }, Output = config.Output with { ScoreThreshold = 0 } };
        using TwoStageDetector detector = DetectorFactory.Create(config, 0);
        (Tensor image, Target target) = TinyDetector.Scene(0);
        Tensor proposals = tensor(new[] { 10f, 12, 42, 44, 70, 40, 128, 96 }, [2, 4]);
        LossParts losses = detector.Losses([image], [target with { Proposals = proposals }], new RandomStream(0));
        Assert.All(losses.Parts, p => Assert.True(float.IsFinite(p.Value.item<float>()), p.Name));
        losses.Total().backward();
        detector.eval();
        float[] boxes = TinyDetector.Floats(detector.Detect([image], [proposals])[0].Boxes);
        Assert.Contains(boxes.Chunk(4), b => b[2] == 128 && b[3] == 96);
        Assert.All(boxes.Chunk(4), b => Assert.True(b[0] >= 0 && b[1] >= 0 && b[2] <= 128 && b[3] <= 96));
    }

    private static ImageBatch Batch(int side) => new(zeros([1, 3, 48, 48]), [new ImageSize(side, side)], [new ImageSize(side, side)]);
}
