using Rcnn.Core;
using Rcnn.Core.Models;
using Rcnn.Core.Training;
using Rcnn.Ops;
using static TorchSharp.torch;

namespace Rcnn.Tests.Models.Criteria;

public sealed class FocalPriorTests
{
    private const string Stage1 = "rpn.head.cls_logits.bias", Stage2 = "roi_heads.box_predictor.cls_score.bias";

    [Fact]
    public void RandomHeads_StartAtThePrior()
    {
        float[] bias = Bias(Stage1, "rpn.classLoss.kind=focal-sigmoid");
        Assert.All(bias, b => Assert.Equal(-Math.Log(99), b, 1e-5));
        Assert.All(Bias(Stage1, "rpn.classLoss.kind=focal-sigmoid", "rpn.classLoss.focalPrior=0.2"), b => Assert.Equal(0.2, 1 / (1 + Math.Exp(-b)), 1e-6));
        Assert.All(Bias(Stage2, "roi.classLoss.kind=focal-sigmoid")[1..], b => Assert.Equal(0.01, 1 / (1 + Math.Exp(-b)), 1e-6));

        // Softmax over background and two classes: 0.9, 0.05, 0.05.
        double[] powers = [.. Bias(Stage2, "roi.classLoss.kind=focal-softmax", "roi.classLoss.focalPrior=0.1").Select(b => Math.Exp(b))];
        double[] expected = [0.9, 0.05, 0.05];
        Assert.All(powers.Zip(expected), p => Assert.Equal(p.Second, p.First / powers.Sum(), 1e-6));
    }

    [Fact]
    public void OtherLosses_AndNoPrior_LeaveTheWeightsAlone()
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector plain = DetectorFactory.Create(TinyDetector.Pyramid, 3);
        float[] expected = TinyDetector.Values(plain);
        using TwoStageDetector off = Create("rpn.classLoss.kind=focal-sigmoid", "rpn.classLoss.focalPrior=null", "roi.classLoss.kind=focal-softmax", "roi.classLoss.focalPrior=null");
        Assert.Equal(expected, TinyDetector.Values(off));
        using TwoStageDetector other = Create("rpn.classLoss.focalPrior=0.3", "roi.classLoss.focalPrior=0.3", "roi.classLoss.kind=ohem");
        Assert.Equal(expected, TinyDetector.Values(other));
        Assert.Contains("roi.classLoss.focalPrior=1: expected a value in (0,1) or null", Assert.Throws<RcnnException>(() => Create("roi.classLoss.focalPrior=1")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FirstLoss_IsThatOfThePrior()
    {
        // The weights of the proposal head are small: all logits are near b, and n background anchors cost ¾π²·−ln(1 − π) each, one foreground anchor ¼(1 − π)²·−ln π.
        Assert.InRange(First("rpn.classLoss.focalPrior=0.01"), 0.9 * 0.25 * 0.99 * 0.99 * Math.Log(100), 1.2 * 0.25 * 0.99 * 0.99 * Math.Log(100));
        Assert.True(First("rpn.classLoss.focalPrior=null") > 5);

        static double First(string setting)
        {
            using var scope = NewDisposeScope();
            using TwoStageDetector detector = Create("rpn.classLoss.kind=focal-sigmoid", "rpn.sampler=all", setting);
            (Tensor image, Target target) = TinyDetector.Scene(0);
            return detector.Losses([image], [target], new RandomStream(0)).Parts.Single(p => p.Name == "loss_objectness").Value.item<float>();
        }
    }

    private static TwoStageDetector Create(params string[] settings) => DetectorFactory.Create(ConfigOverrides.Apply(TinyDetector.Pyramid, settings), 3);

    private static float[] Bias(string name, params string[] settings)
    {
        using var scope = NewDisposeScope();
        using TwoStageDetector detector = Create(settings);
        return TinyDetector.Floats(detector.state_dict()[name]);
    }
}
