using Rcnn.Cli.Golden;

namespace Rcnn.Tests.Golden;

public sealed class GoldenComparisonTests
{
    private static readonly GoldenTolerance Exact = new("exact", new Dictionary<string, double>());

    [Fact]
    public void AllClose_AtTheLimitPassesAndBeyondFails()
    {
        GoldenTolerance tolerance = new("allclose", new Dictionary<string, double> { ["atol"] = 0.5, ["rtol"] = 0.25 });
        Assert.True(Compare(Doubles(3), Doubles(2), tolerance).Pass);
        GoldenOutcome failed = Compare(Doubles(1, 4, 3.1), Doubles(1, 2, 2), tolerance);
        Assert.False(failed.Pass);
        Assert.Equal("[1] expected 2, got 4 (2 of 3 differ)", failed.Detail);
        Assert.Equal(2, failed.Ratio);
    }

    [Theory]
    [InlineData(double.NaN, double.NaN, true)]
    [InlineData(double.NaN, 0, false)]
    [InlineData(0, double.NaN, false)]
    [InlineData(double.PositiveInfinity, double.PositiveInfinity, true)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity, false)]
    [InlineData(5, double.PositiveInfinity, false)]
    [InlineData(double.PositiveInfinity, 5, false)]
    public void AllClose_NanEqualsNanAndInfinitiesEqualThemselves(double got, double expected, bool pass)
    {
        Assert.Equal(pass, Compare(Doubles(got), Doubles(expected), new("allclose", new Dictionary<string, double> { ["atol"] = 1, ["rtol"] = 1 })).Pass);
        Assert.Equal(pass, Compare(Doubles(got), Doubles(expected), Exact).Pass);
        Assert.Equal(pass, Compare(Doubles(got, 1), Doubles(expected, 1), new("rel_l2", new Dictionary<string, double> { ["max"] = 0.5 })).Pass);
    }

    [Fact]
    public void Exact_ComparesIntegersBeyondFloat64()
    {
        NpyArray big = new(new[] { (1L << 53) + 1 }, [1]);
        Assert.True(Compare(big, big, Exact).Pass);
        Assert.False(Compare(new NpyArray(new[] { 1L << 53 }, [1]), big, Exact).Pass);
    }

    [Fact]
    public void Compare_AnotherShape_Fails()
    {
        Assert.Contains("[3] expected, got [2]", Compare(Doubles(1, 2), Doubles(1, 2, 3), Exact).Detail);
        Assert.False(Compare(new NpyArray(new double[4], [2, 2]), Doubles(0, 0, 0, 0), Exact).Pass);
        Assert.True(Compare(new NpyArray(new float[0], [0, 4]), new NpyArray(new float[0], [0, 4]), Exact).Pass);
        Assert.False(Compare(new NpyArray(new float[0], [0, 5]), new NpyArray(new float[0], [0, 4]), Exact).Pass);
    }

    [Fact]
    public void RelativeL2_IsMeasuredOverAllElements()
    {
        GoldenTolerance tolerance = new("rel_l2", new Dictionary<string, double> { ["max"] = 0.1 });
        Assert.True(Compare(Doubles(3, 4.5), Doubles(3, 4), tolerance).Pass);
        Assert.False(Compare(Doubles(3, 4.6), Doubles(3, 4), tolerance).Pass);
        Assert.True(Compare(Doubles(0, 0), Doubles(0, 0), tolerance).Pass);
        Assert.False(Compare(Doubles(0, 1e-9), Doubles(0, 0), tolerance).Pass);
    }

    [Fact]
    public void MismatchFraction_CountsUnequalElements()
    {
        GoldenTolerance tolerance = new("mismatch_fraction", new Dictionary<string, double> { ["max"] = 0.25 });
        Assert.True(Compare(Doubles(1, 0, 0, 0), Doubles(0, 0, 0, 0), tolerance).Pass);
        Assert.False(Compare(Doubles(1, 1, 0, 0), Doubles(0, 0, 0, 0), tolerance).Pass);
    }

    [Theory]
    [InlineData(new long[] { 2, 0, 1 }, true)]
    [InlineData(new long[] { 2, 1, 0 }, true)]
    [InlineData(new long[] { 0, 2, 1 }, false)]
    [InlineData(new long[] { 2, 0, 0 }, false)]
    [InlineData(new long[] { 2, 0, 3 }, false)]
    public void SameSet_NeedsTheSameIndicesWithScoresThatNeverRise(long[] got, bool pass)
    {
        double[] scores = [0.5, 0.5, 0.9, 0.1];
        Assert.Equal(pass, GoldenComparison.Compare("keep", new NpyArray(got, [3]), new NpyArray(new long[] { 2, 0, 1 }, [3]),
            new("same_set_scores_nonincreasing", new Dictionary<string, double>()), _ => Doubles(scores)).Pass);
    }

    [Fact]
    public void Partition_IgnoresTheNamesOfLabels()
    {
        GoldenTolerance strict = new("partition", new Dictionary<string, double> { ["rand_index_min"] = 1, ["adjusted_rand_min"] = 1, ["segments_rel"] = 0 });
        NpyArray expected = new(new long[] { 0, 0, 1, 1, 2, 2 }, [6]);
        Assert.True(Compare(new NpyArray(new long[] { 7, 7, 0, 0, 5, 5 }, [6]), expected, strict).Pass);
        Assert.False(Compare(new NpyArray(new long[] { 7, 7, 0, 5, 5, 5 }, [6]), expected, strict).Pass);

        // One pixel moved: 12 of 15 pairs agree; adjusted (2 − 0.8)/(3.5 − 0.8) from the pair counts 2, 4 and 3.
        GoldenTolerance loose = new("partition", new Dictionary<string, double> { ["rand_index_min"] = 0.8, ["adjusted_rand_min"] = 0.44, ["segments_rel"] = 0 });
        Assert.True(Compare(new NpyArray(new long[] { 7, 7, 0, 5, 5, 5 }, [6]), expected, loose).Pass);
    }

    [Fact]
    public void Statistical_ComparesRecallAndMeanBestOverlap()
    {
        GoldenTolerance tolerance = new("statistical", new Dictionary<string, double> { ["recall05_within"] = 0.1, ["mabo_within"] = 0.05 });
        Assert.True(Compare(Doubles(0.6, 0.8), Doubles(0.8, 0.6), tolerance).Pass);
        Assert.False(Compare(Doubles(0.6, 0.4), Doubles(0.6, 0.5), tolerance).Pass);
        NpyArray objects = new(new float[] { 0, 0, 10, 10 }, [1, 4]);
        NpyArray one = new(new float[] { 0, 0, 10, 10 }, [1, 4]), two = new(new float[] { 5, 5, 9, 9, 0, 0, 10, 10 }, [2, 4]), poor = new(new float[] { 0, 0, 5, 5 }, [1, 4]);
        Assert.True(GoldenComparison.Compare("boxes", two, one, tolerance, _ => objects).Pass);
        Assert.False(GoldenComparison.Compare("boxes", poor, one, tolerance, _ => objects).Pass);
    }

    private static GoldenOutcome Compare(NpyArray got, NpyArray expected, GoldenTolerance tolerance) =>
        GoldenComparison.Compare("x", got, expected, tolerance, _ => throw new InvalidOperationException("no input needed"));

    private static NpyArray Doubles(params double[] values) => new(values, [values.Length]);
}
