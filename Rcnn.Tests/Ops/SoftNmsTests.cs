using Rcnn.Ops;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class SoftNmsTests
{
    public static TheoryData<int, bool, double, long> Sweep => new()
    {
        { 1, false, 0.3, 1 }, { 17, false, 0.3, 2 }, { 65, true, 0.5, 3 }, { 300, false, 0.1, 4 }, { 300, true, 0.1, 5 }, { 900, true, 2, 6 },
    };

    [Fact]
    public void Linear_HalfOverlap_HalvesTheScoreAndReorders()
    {
        // IoU of box 0 and 1 is 1/2; 0.8·(1 − 1/2) = 0.4 falls behind 0.5.
        Tensor boxes = Inputs.BoxTensor([0, 0, 2, 1, 0, 0, 1, 1, 9, 9, 10, 10]);
        using SoftNmsResult result = SoftNms.Run(boxes, tensor(new[] { 0.9f, 0.8f, 0.5f }), SoftNmsDecay.Linear(0.3));
        Assert.Equal([0L, 2, 1], Inputs.Longs(result.Keep));
        Assert.Equal([0.9f, 0.5f, 0.4f], Inputs.Floats(result.Scores));
    }

    [Fact]
    public void Linear_IouAtTheThreshold_DoesNotDecay() =>
        Assert.Equal([0.9f, 0.8f], Inputs.Floats(SoftNms.Run(Inputs.BoxTensor([0, 0, 2, 1, 0, 0, 1, 1]), tensor(new[] { 0.9f, 0.8f }), SoftNmsDecay.Linear(0.5)).Scores));

    [Fact]
    public void Gaussian_HalfOverlap_IsExpOfTheSquareOverSigma()
    {
        float[] scores = Inputs.Floats(SoftNms.Run(Inputs.BoxTensor([0, 0, 2, 1, 0, 0, 1, 1]), tensor(new[] { 0.9f, 0.8f }), SoftNmsDecay.Gaussian(0.5)).Scores);
        Assert.Equal(0.8 * Math.Exp(-0.25 / 0.5), scores[1], 1e-7);
    }

    [Theory]
    [MemberData(nameof(Sweep))]
    public void EqualsTheOracle(int count, bool gaussian, double parameter, long seed)
    {
        var random = new RandomStream(seed);
        float[] boxes = Inputs.Boxes(random, count), scores = [.. Enumerable.Range(0, count).Select(_ => (float)Math.Round(random.NextDouble(), 2))];
        SoftNmsDecay decay = gaussian ? SoftNmsDecay.Gaussian(parameter) : SoftNmsDecay.Linear(parameter);
        (long[] keep, double[] left) = Oracle(boxes, scores, gaussian, parameter, 0.01);
        using SoftNmsResult result = SoftNms.Run(Inputs.BoxTensor(boxes), tensor(scores), decay, 0.01);
        Assert.Equal(keep, Inputs.Longs(result.Keep));
        Inputs.Close(left, Inputs.Floats(result.Scores), 1e-6, 1e-4);
    }

    [Fact]
    public void Batched_IsEachClassAlone_OrderedTogether()
    {
        const int Count = 500;
        var random = new RandomStream(7);
        float[] boxes = Inputs.Boxes(random, Count), scores = [.. Enumerable.Range(0, Count).Select(_ => (float)Math.Round(random.NextDouble(), 2))];
        long[] labels = [.. Enumerable.Range(0, Count).Select(_ => random.NextInt(5) * 1_000_000_007L)];
        using SoftNmsResult all = SoftNms.Batched(Inputs.BoxTensor(boxes), tensor(scores), tensor(labels), SoftNmsDecay.Gaussian());
        var expected = new List<(long Index, float Score)>();
        foreach (long label in labels.Distinct())
        {
            long[] members = [.. Enumerable.Range(0, Count).Where(i => labels[i] == label).Select(i => (long)i)];
            using SoftNmsResult one = SoftNms.Run(Inputs.BoxTensor(boxes).index_select(0, tensor(members)), tensor(scores).index_select(0, tensor(members)), SoftNmsDecay.Gaussian());
            expected.AddRange(Inputs.Longs(one.Keep).Zip(Inputs.Floats(one.Scores), (k, s) => (members[k], s)));
        }

        (long Index, float Score)[] ordered = [.. expected.OrderByDescending(e => e.Score).ThenBy(e => e.Index)];
        Assert.Equal(ordered.Select(e => e.Index), Inputs.Longs(all.Keep));
        Assert.Equal(ordered.Select(e => e.Score), Inputs.Floats(all.Scores));
    }

    [Fact]
    public void EqualScores_TakeTheLowerIndex_AndSameAtAnyThreadCount()
    {
        Tensor boxes = Inputs.BoxTensor([0, 0, 10, 10, 50, 50, 60, 60, 0, 0, 10, 10]);
        Assert.Equal([0L, 1], Inputs.Longs(SoftNms.Run(boxes, ones([3]), SoftNmsDecay.Linear(0.3)).Keep));
        var random = new RandomStream(8);
        Tensor many = Inputs.BoxTensor(Inputs.Boxes(random, 700)), scores = tensor(Enumerable.Range(0, 700).Select(_ => (float)random.NextDouble()).ToArray());
        Tensor labels = tensor(Enumerable.Range(0, 700).Select(i => (long)(i % 7)).ToArray());
        Inputs.SameAtAnyThreadCount(() => Inputs.Floats(SoftNms.Batched(many, scores, labels, SoftNmsDecay.Gaussian()).Scores));
    }

    [Fact]
    public void DegenerateInputs_DropNaNScores_AndNaNIousDecayNothing()
    {
        Tensor boxes = Inputs.BoxTensor([5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 1, 1, float.NaN, 0, 1, 1]);
        using SoftNmsResult result = SoftNms.Run(boxes, tensor(new[] { 0.5f, 0.6f, float.NaN, 0.4f }), SoftNmsDecay.Gaussian());
        Assert.Equal([1L, 0, 3], Inputs.Longs(result.Keep));
        Assert.Equal([0.6f, 0.5f, 0.4f], Inputs.Floats(result.Scores));
        Assert.Equal([0L], SoftNms.Batched(zeros([0, 4]), zeros([0]), zeros([0], int64), SoftNmsDecay.Linear()).Keep.shape);
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("sigma > 0 expected, got 0", Assert.Throws<ArgumentException>(() => SoftNmsDecay.Gaussian(0)).Message);
        Assert.Contains("threshold in [0,1] expected, got 1.5", Assert.Throws<ArgumentException>(() => SoftNmsDecay.Linear(1.5)).Message);
        Assert.Contains("scores [3] expected, got [2]", Assert.Throws<ArgumentException>(() => SoftNms.Run(zeros([3, 4]), zeros([2]), SoftNmsDecay.Linear())).Message);
    }

    // Bodla et al. 2017, fig. 3, in double; IoU in float32, so that the linear threshold falls alike.
    private static (long[] Keep, double[] Scores) Oracle(float[] boxes, float[] scores, bool gaussian, double parameter, double threshold)
    {
        double[] s = [.. scores.Select(v => (double)v)];
        var rest = Enumerable.Range(0, scores.Length).ToList();
        var keep = new List<long>();
        while (rest.Count > 0 && rest.Max(i => s[i]) >= threshold)
        {
            double highest = rest.Max(i => s[i]);
            int m = rest.First(i => s[i] == highest);
            rest.Remove(m);
            keep.Add(m);
            foreach (int i in rest)
            {
                double iou = Rcnn.Tests.Ops.Oracle.SingleIou(boxes, m, i);
                s[i] *= gaussian ? Math.Exp(-iou * iou / parameter) : iou > parameter ? 1 - iou : 1;
            }
        }

        return ([.. keep], [.. keep.Select(i => s[i])]);
    }
}
