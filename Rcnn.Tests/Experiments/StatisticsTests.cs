using Rcnn.Experiments;

namespace Rcnn.Tests.Experiments;

public sealed class StatisticsTests
{
    [Fact]
    public void Summarize_FourValues_ByHand()
    {
        // Mean 5, squares of deviations 9 + 1 + 1 + 9 = 20, variance 20/3; t(3, 0.975) = 3.182446.
        Spread spread = Statistics.Summarize([2, 4, 6, 8]);

        Assert.Equal(4, spread.Count);
        Assert.Equal(5, spread.Mean, 12);
        Assert.Equal(Math.Sqrt(20.0 / 3), spread.StandardDeviation, 12);
        Assert.Equal(2, spread.Minimum);
        Assert.Equal(8, spread.Maximum);
        Assert.Equal(3.182446305 * Math.Sqrt(20.0 / 3) / 2, spread.HalfWidth95, 6);
        Assert.Equal(5 - spread.HalfWidth95, spread.Low95, 12);
    }

    [Fact]
    public void Summarize_TwoValues_UsesOneDegreeOfFreedom()
    {
        // t(1, 0.975) = tan(0.475 π) = 12.7062; sd of 0 and 1 is √½, so the half width is 12.7062 / 2.
        Assert.Equal(12.7062047 / 2, Statistics.Summarize([0, 1]).HalfWidth95, 6);
    }

    [Fact]
    public void Summarize_OneValue_HasNoSpread()
    {
        Spread spread = Statistics.Summarize([0.5]);

        Assert.Equal(0.5, spread.Mean);
        Assert.True(double.IsNaN(spread.StandardDeviation));
        Assert.True(double.IsNaN(spread.HalfWidth95));
    }

    [Fact]
    public void Summarize_NothingOrNotFinite_IsRejected()
    {
        Assert.Throws<ArgumentException>(() => Statistics.Summarize([]));
        Assert.Contains("value 1 is NaN", Assert.Throws<ArgumentException>(() => Statistics.Summarize([1, double.NaN])).Message);
    }

    [Fact]
    public void Paired_TakesDifferencesIndexByIndex()
    {
        Spread spread = Statistics.Paired([1, 2, 3], [2, 3, 4.5]);

        Assert.Equal(3.5 / 3, spread.Mean, 12);
        Assert.Equal(1, spread.Minimum);
        Assert.Equal(1.5, spread.Maximum);
        Assert.Throws<ArgumentException>(() => Statistics.Paired([1], [1, 2]));
    }
}
