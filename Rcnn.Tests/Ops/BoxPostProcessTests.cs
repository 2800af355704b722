using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class BoxPostProcessTests
{
    [Fact]
    public void Run_TwoProposals_DropsBackgroundAndTheDuplicate()
    {
        Tensor logits = tensor(new float[] { 0, 3, 0, 0, 4, 0, 9, 0, 0 }, [3, 3]);
        Tensor proposals = Inputs.BoxTensor([0, 0, 10, 10, 0, 0, 10, 10.5f, 5, 5, 20, 20]);
        ScoredDetections d = BoxPostProcess.Run(logits, zeros([3, 12]), [proposals], [(20, 20)], new BoxCoder([10, 10, 5, 5]), new DetectionLimits(ScoreThreshold: 0.3))[0];
        Assert.Equal([1L], Inputs.Longs(d.Labels));
        Assert.Equal([0f, 0, 10, 10.5f], Inputs.Floats(d.Boxes));
        Inputs.Close([Math.Exp(4) / (2 + Math.Exp(4))], Inputs.Floats(d.Scores), 1e-6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_Sigmoid_ScoresEachClassByItself(bool kernels)
    {
        using IDisposable? on = kernels ? HostKernels.Use(1) : null;
        // The background's logit is huge and not read; both classes pass at the one box.
        Tensor logits = tensor(new float[] { 50, 2, -1, 50, -1e4f, 1e4f }, [2, 3]);
        Tensor proposals = Inputs.BoxTensor([0, 0, 10, 10, 12, 12, 20, 20]);
        ScoredDetections d = BoxPostProcess.Run(
            logits, zeros([2, 4]), [proposals], [(20, 20)], new BoxCoder(), new DetectionLimits(ScoreThreshold: 0.1), ClassScores.Sigmoid)[0];
        Assert.Equal([2L, 1, 2], Inputs.Longs(d.Labels));
        Inputs.Close([1, 1 / (1 + Math.Exp(-2)), 1 / (1 + Math.E)], Inputs.Floats(d.Scores), 1e-6);
    }

    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 300)]
    public void Run_EqualsItsStepsOneByOne(long seed, int rows)
    {
        var random = new RandomStream(seed);
        var limits = new DetectionLimits(0.1, 0.4, 20, 2);
        var coder = new BoxCoder([10, 10, 5, 5]);
        Tensor logits = tensor(Inputs.Gaussian(random, rows * 6), [rows, 6]), codes = tensor(Inputs.Gaussian(random, rows * 24), [rows, 24]);
        Tensor proposals = Inputs.BoxTensor(Inputs.Boxes(random, rows));
        Tensor boxes = BoxOps.Clip(coder.Decode(codes, proposals).reshape(-1, 4), (80, 100));
        Tensor scores = logits.softmax(1).flatten();
        Tensor labels = tensor(Enumerable.Range(0, rows * 6).Select(i => (long)(i % 6)).ToArray());
        Tensor good = scores.gt(limits.ScoreThreshold).logical_and(labels.gt(0)).nonzero().squeeze(1);
        good = good.index_select(0, BoxOps.KeepLarge(boxes.index_select(0, good), limits.MinSize));
        Tensor keep = Nms.Batched(boxes.index_select(0, good), scores.index_select(0, good), labels.index_select(0, good), limits.NmsThreshold);
        keep = good.index_select(0, keep.narrow(0, 0, Math.Min(20, keep.shape[0])));
        ScoredDetections d = BoxPostProcess.Run(logits, codes, [proposals], [(80, 100)], coder, limits)[0];
        Assert.Equal(Inputs.Longs(labels.index_select(0, keep)), Inputs.Longs(d.Labels));
        Assert.Equal(Inputs.Floats(boxes.index_select(0, keep)), Inputs.Floats(d.Boxes));
        Inputs.Close([.. Inputs.Floats(scores.index_select(0, keep)).Select(v => (double)v)], Inputs.Floats(d.Scores), 1e-6);
    }

    [Theory]
    [InlineData(1, 20, false)]
    [InlineData(2, 400, false)]
    [InlineData(3, 20, true)]
    [InlineData(4, 150, true)]
    public void Run_Inclusive_EqualsTheFormula(long seed, int rows, bool kernels)
    {
        var random = new RandomStream(seed);
        double[] weights = [10, 10, 5, 5];
        (int Height, int Width)[] sizes = [(80, 100), (70, 60)];
        float[] logits = Inputs.Gaussian(random, 2 * rows * 4), codes = Inputs.Gaussian(random, 2 * rows * 16), proposals = Inputs.Boxes(random, 2 * rows);
        var limits = new DetectionLimits(0.3, 0.3, 30, 5, BoxExtent.Inclusive);
        using IDisposable? on = kernels ? HostKernels.Use((ulong)seed) : null;
        IReadOnlyList<ScoredDetections> got = BoxPostProcess.Run(
            tensor(logits, [2 * rows, 4]), tensor(codes, [2 * rows, 16]), [Inputs.BoxTensor(proposals[..(4 * rows)]), Inputs.BoxTensor(proposals[(4 * rows)..])], sizes,
            new BoxCoder(weights, BoxCoder.NoClip, BoxExtent.Inclusive), limits);
        for (int image = 0; image < 2; image++)
        {
            List<InclusiveOracle.Scored> candidates = [];
            for (int r = image * rows; r < (image + 1) * rows; r++)
            {
                double sum = logits.AsSpan(4 * r, 4).ToArray().Sum(v => Math.Exp(v));
                for (int c = 1; c < 4; c++)
                {
                    double[] box = InclusiveOracle.Clip(InclusiveOracle.Decode(codes.AsSpan(16 * r + 4 * c, 4), proposals.AsSpan(4 * r, 4), weights), sizes[image]);
                    double score = Math.Exp(logits[4 * r + c]) / sum;
                    if (score > limits.ScoreThreshold && InclusiveOracle.IsLarge(box, limits.MinSize))
                    {
                        candidates.Add(new(box, score, c));
                    }
                }
            }

            List<InclusiveOracle.Scored> expected = InclusiveOracle.Nms(candidates, limits.NmsThreshold, limits.DetectionsPerImage);
            Assert.Equal(expected.Select(e => e.Group), Inputs.Longs(got[image].Labels));
            Inputs.Close([.. expected.SelectMany(e => e.Box)], Inputs.Floats(got[image].Boxes), 1e-4);
            Inputs.Close([.. expected.Select(e => e.Score)], Inputs.Floats(got[image].Scores), 1e-6);
            Assert.InRange(expected.Count, 5, candidates.Count);
        }
    }

    /// <summary>Both are one pixel short in the extent without +1: the size filter drops the first, and the second reaches past the last pixel.</summary>
    [Theory]
    [InlineData(BoxExtent.HalfOpen, new float[] { 12, 0, 20, 20 })]
    [InlineData(BoxExtent.Inclusive, new float[] { 0, 0, 6, 6, 12, 0, 19, 19 })]
    public void Run_OfEachExtent_MeasuresAndClips(BoxExtent extent, float[] expected)
    {
        ScoredDetections d = BoxPostProcess.Run(
            tensor(new float[] { 0, 5, 0, 4 }, [2, 2]), zeros([2, 4]), [Inputs.BoxTensor([0, 0, 6, 6, 12, 0, 30, 30])], [(20, 20)], new BoxCoder(), new DetectionLimits(MinSize: 7, Extent: extent))[0];
        Assert.Equal(expected, Inputs.Floats(d.Boxes));
    }

    [Fact]
    public void Run_SharedCodes_EqualRepeatedOnes()
    {
        var random = new RandomStream(9);
        Tensor logits = tensor(Inputs.Gaussian(random, 90), [30, 3]), codes = tensor(Inputs.Gaussian(random, 120), [30, 4]), proposals = Inputs.BoxTensor(Inputs.Boxes(random, 30));
        ScoredDetections shared = BoxPostProcess.Run(logits, codes, [proposals], [(80, 100)], new BoxCoder(), new DetectionLimits())[0];
        ScoredDetections repeated = BoxPostProcess.Run(logits, codes.repeat(1, 3), [proposals], [(80, 100)], new BoxCoder(), new DetectionLimits())[0];
        Assert.Equal(Inputs.Floats(repeated.Boxes), Inputs.Floats(shared.Boxes));
        Assert.NotEmpty(Inputs.Floats(shared.Boxes));
    }

    [Fact]
    public void ImageWithoutProposals_HasNoDetections_AndNaNLogitsGiveNone()
    {
        IReadOnlyList<ScoredDetections> d = BoxPostProcess.Run(full([1, 3], float.NaN), zeros([1, 12]), [zeros([0, 4]), ones([1, 4])], [(5, 5), (5, 5)], new BoxCoder(), new DetectionLimits());
        Assert.All(d, x => Assert.Equal([0L, 4], x.Boxes.shape));
    }

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("codes [2,12] or [2,4] expected, got [2,8]",
            Assert.Throws<ArgumentException>(() => BoxPostProcess.Run(zeros([2, 3]), zeros([2, 8]), [zeros([2, 4])], [(5, 5)], new BoxCoder(), new DetectionLimits())).Message);
        Assert.Contains("2 proposals expected, got 1 + 3",
            Assert.Throws<ArgumentException>(() => BoxPostProcess.Run(zeros([2, 3]), zeros([2, 12]), [zeros([1, 4]), zeros([3, 4])], [(5, 5), (5, 5)], new BoxCoder(), new DetectionLimits())).Message);
    }
}
