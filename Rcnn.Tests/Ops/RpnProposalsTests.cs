using Rcnn.Ops;
using Rcnn.Ops.Cuda;
using TorchSharp;
using static TorchSharp.torch;

namespace Rcnn.Tests.Ops;

public sealed class RpnProposalsTests
{
    private static readonly ProposalLimits Limits = new(PreNms: 60, PostNms: 25, NmsThreshold: 0.6, ScoreThreshold: 0.2, MinSize: 3);

    [Fact]
    public void Filter_ThreeBoxes_ClipsDropsAndOrders()
    {
        // The best overlaps the second; the third is cut to one pixel by the image border.
        Tensor boxes = tensor(new float[] { 0, 0, 10, 10, 1, 0, 11, 10, 49, 0, 70, 20 }, [1, 3, 4]);
        ScoredProposals p = RpnProposals.Filter(boxes, tensor(new float[] { 0, 2, 5 }, [1, 3]), [3], [(40, 50)], new ProposalLimits(10, 10, 0.5, 0, 2))[0];
        Assert.Equal([1f, 0, 11, 10], Inputs.Floats(p.Boxes));
        Inputs.Close([1 / (1 + Math.Exp(-2))], Inputs.Floats(p.Scores), 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Filter_EqualsItsStepsOneByOne(long seed)
    {
        var random = new RandomStream(seed);
        int[] levels = [150, 40, 9];
        float[] boxes = Inputs.Boxes(random, 2 * 199), logits = Inputs.Gaussian(random, 2 * 199);
        (int, int)[] sizes = [(70, 90), (60, 100)];
        IReadOnlyList<ScoredProposals> got = RpnProposals.Filter(tensor(boxes, [2, 199, 4]), tensor(logits, [2, 199]), levels, sizes, Limits);
        for (int image = 0; image < 2; image++)
        {
            List<int> candidates = [];
            List<long> level = [];
            for (int l = 0, first = image * 199; l < levels.Length; first += levels[l++])
            {
                int[] best = [.. Enumerable.Range(first, levels[l]).OrderByDescending(i => logits[i]).Take(Limits.PreNms)];
                candidates.AddRange(best);
                level.AddRange(best.Select(_ => (long)l));
            }

            Tensor clipped = BoxOps.Clip(Inputs.BoxTensor(boxes).index_select(0, tensor(candidates.Select(i => (long)i).ToArray())), sizes[image]);
            Tensor scores = tensor(candidates.Select(i => logits[i]).ToArray()).sigmoid();
            Tensor large = BoxOps.KeepLarge(clipped, Limits.MinSize);
            large = large.index_select(0, scores.index_select(0, large).ge(Limits.ScoreThreshold).nonzero().squeeze(1));
            (clipped, scores) = (clipped.index_select(0, large), scores.index_select(0, large));
            Tensor keep = Nms.Batched(clipped, scores, tensor(level.ToArray()).index_select(0, large), Limits.NmsThreshold);
            keep = keep.narrow(0, 0, Math.Min(keep.shape[0], Limits.PostNms));
            Assert.Equal(Inputs.Floats(clipped.index_select(0, keep)), Inputs.Floats(got[image].Boxes));
            Inputs.Close([.. Inputs.Floats(scores.index_select(0, keep)).Select(v => (double)v)], Inputs.Floats(got[image].Scores), 1e-6);
        }
    }

    [Fact]
    public void Select_EqualsDecodingAllAndFiltering()
    {
        var random = new RandomStream(5);
        int[] counts = [120, 30];
        (int, int)[] sizes = [(70, 90), (60, 100)];
        Tensor[] anchors = [.. counts.Select(n => Inputs.BoxTensor(Inputs.Boxes(random, n)))];
        Tensor[] logits = [.. counts.Select(n => tensor(Inputs.Gaussian(random, 2 * n), [2, n]))], codes = [.. counts.Select(n => tensor(Inputs.Gaussian(random, 8 * n), [2, n, 4]).mul(0.2))];
        var coder = new BoxCoder();
        Tensor decoded = cat([.. Enumerable.Range(0, 2).Select(l => stack([.. Enumerable.Range(0, 2).Select(b => coder.Decode(codes[l][b], anchors[l]).reshape(-1, 4))]))], 1);
        IReadOnlyList<ScoredProposals> expected = RpnProposals.Filter(decoded, cat(logits, 1), counts, sizes, Limits);
        IReadOnlyList<ScoredProposals> got = RpnProposals.Select(logits, codes, anchors, coder, sizes, Limits);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Inputs.Floats(expected[i].Boxes), Inputs.Floats(got[i].Boxes));
            Assert.Equal(Inputs.Floats(expected[i].Scores), Inputs.Floats(got[i].Scores));
        }

        Inputs.SameAtAnyThreadCount(() => [.. RpnProposals.Select(logits, codes, anchors, coder, sizes, Limits).SelectMany(p => Inputs.Floats(p.Boxes))]);
    }

    [Fact]
    public void Select_TakesTheBestFirst_ThenFilters_AndDoesNotFillUp()
    {
        // The second best has no area: it used one of the three places, and the fourth does not move up.
        Tensor logits = tensor(new float[] { 1, 9, 8, 0, 7 }, [1, 5]);
        Tensor anchors = Inputs.BoxTensor([0, 0, 9, 9, 10, 0, 19, 9, 20, 0, 20, 9, 30, 0, 39, 9, 40, 0, 49, 9]);
        ScoredProposals p = RpnProposals.Select([logits], [zeros([1, 5, 4])], [anchors], new BoxCoder(), [(40, 50)], new ProposalLimits(3, 10))[0];
        Assert.Equal([10f, 40], Inputs.Floats(p.Boxes.select(1, 0)));
    }

    [Fact]
    public void MinSize_ZeroKeepsBoxesWithoutArea_TheSmallestNumberDropsThem()
    {
        Tensor boxes = tensor(new float[] { 5, 5, 5, 9, 10, 10, 20, 20 }, [1, 2, 4]), logits = tensor(new float[] { 1, 0 }, [1, 2]);
        Assert.Equal(2, RpnProposals.Filter(boxes, logits, [2], [(40, 50)], new ProposalLimits(10, 10, MinSize: 0))[0].Scores.shape[0]);
        Assert.Equal(1, RpnProposals.Filter(boxes, logits, [2], [(40, 50)], new ProposalLimits(10, 10, MinSize: 1e-30))[0].Scores.shape[0]);
        Assert.Equal(0, RpnProposals.Filter(boxes, logits, [2], [(40, 50)], new ProposalLimits(10, 10, MinSize: 16))[0].Scores.shape[0]);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(7, 12)]
    [InlineData(7, 7)]
    [InlineData(500, 25)]
    public void PostNmsPerLevel_ThinsEachLevelBeforeTheBestOfAll(int perLevel, int post)
    {
        var random = new RandomStream(9);
        int[] levels = [150, 40, 9];
        Tensor boxes = tensor(Inputs.Boxes(random, 199), [1, 199, 4]), logits = tensor(Inputs.Gaussian(random, 199), [1, 199]);
        var all = Limits with { PostNms = 1000 };
        var expected = new List<(float Score, float[] Box)>();
        for (int l = 0, first = 0; l < levels.Length; first += levels[l++])
        {
            ScoredProposals p = RpnProposals.Filter(boxes.narrow(1, first, levels[l]), logits.narrow(1, first, levels[l]), [levels[l]], [(70, 90)], all)[0];
            expected.AddRange(Inputs.Floats(p.Scores).Zip(Inputs.Floats(p.Boxes).Chunk(4)).Take(perLevel));
        }

        ScoredProposals got = RpnProposals.Filter(boxes, logits, levels, [(70, 90)], Limits with { PostNms = post, PostNmsPerLevel = perLevel })[0];
        Assert.Equal(expected.OrderByDescending(e => e.Score).Take(post).Select(e => e.Score), Inputs.Floats(got.Scores));
        Assert.Equal(expected.OrderByDescending(e => e.Score).Take(post).SelectMany(e => e.Box), Inputs.Floats(got.Boxes));
    }

    [Fact]
    public void Scales_MakeTheMinimumSideCountInTheOriginalImage()
    {
        // Sides of 10: 16 × 0.6 lets them pass, 16 × 0.7 does not.
        Tensor boxes = tensor(new float[] { 5, 5, 15, 15, 5, 5, 15, 15 }, [2, 1, 4]);
        IReadOnlyList<ScoredProposals> p = RpnProposals.Filter(boxes, zeros([2, 1]), [1], [(40, 50), (40, 50)], new ProposalLimits(10, 10, MinSize: 16), [0.6, 0.7]);
        Assert.Equal((1L, 0L), (p[0].Scores.shape[0], p[1].Scores.shape[0]));
        Assert.Contains("2 scales above 0 expected, got [0.6]",
            Assert.Throws<ArgumentException>(() => RpnProposals.Filter(boxes, zeros([2, 1]), [1], [(40, 50), (40, 50)], new ProposalLimits(10, 10), [0.6])).Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Inclusive_ClipsToTheLastPixel_AndCountsBothCornersInSizeAndNms(bool kernels)
    {
        // 10×10 and 10×5 pixels, half of the first shared: IoU 0.5, where half-open counts 36/81. 4×4 pixels pass a side of 4. The last box leaves the image, whose last pixel is (49, 39).
        using IDisposable? on = kernels ? HostKernels.Use(1) : null;
        Tensor boxes = tensor(new float[] { 0, 0, 9, 9, 0, 0, 9, 4, 20, 20, 23, 23, 45, 30, 60, 60 }, [1, 4, 4]), logits = tensor(new float[] { 3, 2, 1, 0 }, [1, 4]);
        var limits = new ProposalLimits(10, 10, 0.47, 0, 4);
        float[] halfOpen = Inputs.Floats(RpnProposals.Filter(boxes, logits, [4], [(40, 50)], limits)[0].Boxes);
        float[] inclusive = Inputs.Floats(RpnProposals.Filter(boxes, logits, [4], [(40, 50)], limits with { Extent = BoxExtent.Inclusive })[0].Boxes);
        Assert.Equal([0f, 0, 9, 9, 0, 0, 9, 4, 45, 30, 50, 40], halfOpen);
        Assert.Equal([0f, 0, 9, 9, 20, 20, 23, 23, 45, 30, 49, 39], inclusive);
    }

    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(2, 4, false)]
    [InlineData(3, 16, false)]
    [InlineData(4, 4, true)]
    [InlineData(5, 16, true)]
    public void Select_Inclusive_EqualsTheFormula(long seed, double least, bool kernels)
    {
        var random = new RandomStream(seed);
        int[] counts = [220, 60];
        (int Height, int Width)[] sizes = [(70, 90), (60, 100)];
        float[][] anchors = [.. counts.Select(n => Inputs.Boxes(random, n))], logits = [.. counts.Select(n => Inputs.Gaussian(random, 2 * n))];
        float[][] codes = [.. counts.Select(n => Inputs.Gaussian(random, 8 * n).Select(v => 0.4f * v).ToArray())];
        double[] scales = [1, 0.5];
        var limits = new ProposalLimits(150, 40, 0.5, 0.3, least, Extent: BoxExtent.Inclusive);
        using IDisposable? on = kernels ? HostKernels.Use((ulong)seed) : null;
        IReadOnlyList<ScoredProposals> got = RpnProposals.Select(
            [.. logits.Select((v, l) => tensor(v, [2, counts[l]]))], [.. codes.Select((v, l) => tensor(v, [2, counts[l], 4]))], [.. anchors.Select(Inputs.BoxTensor)],
            new BoxCoder(clip: BoxCoder.NoClip, extent: BoxExtent.Inclusive), sizes, limits, scales);
        for (int image = 0; image < 2; image++)
        {
            List<InclusiveOracle.Scored> candidates = [];
            for (int l = 0; l < 2; l++)
            {
                int first = image * counts[l];
                foreach (int i in Enumerable.Range(0, counts[l]).OrderByDescending(i => logits[l][first + i]).Take(limits.PreNms))
                {
                    double[] box = InclusiveOracle.Clip(InclusiveOracle.Decode(codes[l].AsSpan(4 * (first + i), 4), anchors[l].AsSpan(4 * i, 4), [1, 1, 1, 1]), sizes[image]);
                    double score = 1 / (1 + Math.Exp(-logits[l][first + i]));
                    if (InclusiveOracle.IsLarge(box, least * scales[image]) && score >= limits.ScoreThreshold)
                    {
                        candidates.Add(new(box, score, l));
                    }
                }
            }

            List<InclusiveOracle.Scored> expected = InclusiveOracle.Nms(candidates, limits.NmsThreshold, limits.PostNms);
            Inputs.Close([.. expected.SelectMany(e => e.Box)], Inputs.Floats(got[image].Boxes), 1e-4);
            Inputs.Close([.. expected.Select(e => e.Score)], Inputs.Floats(got[image].Scores), 1e-6);
            Assert.InRange(expected.Count, 10, candidates.Count - 1);
        }
    }

    [Fact]
    public void NothingLargeEnough_GivesNoProposals() =>
        Assert.Equal([0L, 4], RpnProposals.Filter(zeros([1, 5, 4]), zeros([1, 5]), [5], [(10, 10)], Limits)[0].Boxes.shape);

    [Fact]
    public void WrongInput_IsNamed()
    {
        Assert.Contains("proposals [1,5,4] expected, got [1,6,4]", Assert.Throws<ArgumentException>(() => RpnProposals.Filter(zeros([1, 6, 4]), zeros([1, 5]), [5], [(10, 10)], Limits)).Message);
        Assert.Contains("levels of 5 anchors in all expected, got [3, 1]", Assert.Throws<ArgumentException>(() => RpnProposals.Filter(zeros([1, 5, 4]), zeros([1, 5]), [3, 1], [(10, 10)], Limits)).Message);
        Assert.Contains("codes[0] of 20 elements expected, got [1,5,3]",
            Assert.Throws<ArgumentException>(() => RpnProposals.Select([zeros([1, 5])], [zeros([1, 5, 3])], [zeros([5, 4])], new BoxCoder(), [(10, 10)], Limits)).Message);
    }
}
