using System.Globalization;
using System.Xml.Linq;
using ScottPlot;

namespace Rcnn.Tests.Analysis;

public sealed class PlotTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Svg_HasSeriesLegendTitleAndLabels()
    {
        var plot = new Plot();
        plot.Title("Loss & parts");
        plot.XLabel("step");
        plot.YLabel("loss");
        plot.Add.ScatterLine([0, 1, 2], [3, 2, 1]).LegendText = "a < b";
        plot.Add.Scatter([0, 1, 2], [1, 2, 3]).LegendText = "second";
        plot.ShowLegend(Alignment.UpperRight);

        XElement svg = XElement.Parse(plot.GetSvgXml(600, 400));

        Assert.Equal("600", svg.Attribute("width")?.Value);
        string[] texts = [.. svg.Descendants(Svg + "text").Select(t => t.Value)];
        Assert.Superset(new HashSet<string> { "Loss & parts", "step", "loss", "a < b", "second" }, texts.ToHashSet());
        Assert.Equal(2, svg.Descendants(Svg + "path").Count());
        Assert.Equal(3, svg.Descendants(Svg + "circle").Count());
    }

    [Fact]
    public void Points_LieWhereTheTicksSay()
    {
        var plot = new Plot();
        plot.Axes.SetLimits(0, 10, 0, 1);
        plot.Axes.Bottom.SetTicks([5], ["five"]);
        plot.Axes.Left.SetTicks([0.5], ["half"]);
        plot.Add.ScatterPoints([5], [0.5]);

        XElement svg = XElement.Parse(plot.GetSvgXml(500, 300));

        XElement dot = Assert.Single(svg.Descendants(Svg + "circle"));
        Assert.Equal(Number(svg.Descendants(Svg + "text").Single(t => t.Value == "five"), "x"), Number(dot, "cx"), 6);
        Assert.Contains(svg.Descendants(Svg + "line"), line => Number(line, "y1") == Number(dot, "cy") && Number(line, "y2") == Number(dot, "cy"));
    }

    [Fact]
    public void Bars_StandOnTheirBaseWithErrorBars()
    {
        var plot = new Plot();
        plot.Axes.SetLimits(-1, 2, 0, 2);
        plot.Add.Bars([new Bar { Position = 0, Value = 1, Error = 0.25, Label = "1.00 ± 0.25" }, new Bar { Position = 1, Value = 2 }]);

        XElement svg = XElement.Parse(plot.GetSvgXml(500, 300));

        double[] heights = [.. svg.Descendants(Svg + "svg").Single().Elements(Svg + "rect").Select(r => Number(r, "height"))];
        Assert.Equal(2, heights.Length);
        Assert.Equal(heights[1], 2 * heights[0], 1);
        Assert.Equal(3, svg.Descendants(Svg + "svg").Single().Elements(Svg + "line").Count());
        Assert.Contains(svg.Descendants(Svg + "text"), t => t.Value == "1.00 ± 0.25");
    }

    [Fact]
    public void NotFiniteValues_LeaveGaps()
    {
        var plot = new Plot();
        plot.Add.ScatterLine([0, 1, 2, 3, 4], [1, 2, double.NaN, 4, 5]);
        plot.Add.ErrorBar([0, 1], [1, 2], [double.NaN, 0.5]);

        string text = plot.GetSvgXml(500, 300);

        Assert.DoesNotContain("NaN", text);
        Assert.Equal(2, XElement.Parse(text).Descendants(Svg + "path").Single().Attribute("d")!.Value.Count(c => c == 'M'));
    }

    [Fact]
    public void EmptyPlotAndConstantSeries_StillDraw()
    {
        XElement.Parse(new Plot().GetSvgXml(300, 200));
        var plot = new Plot();
        plot.Add.Scatter([1, 1], [2, 2]);
        Assert.DoesNotContain("NaN", plot.GetSvgXml(300, 200));
    }

    [Fact]
    public void WrongInput_IsRejected()
    {
        Assert.Throws<ArgumentException>(() => new Plot().GetSvgXml(0, 10));
        Assert.Throws<ArgumentException>(() => new Plot().Add.Scatter([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => new Plot().Axes.SetLimitsX(1, 1));
        Assert.Throws<ArgumentException>(() => Color.FromHex("red"));
    }

    [Theory]
    [InlineData(0, 1, 5, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(-0.03, 1.03, 5, "0.0 0.5 1.0")]
    [InlineData(0, 730, 7, "0 200 400 600")]
    [InlineData(0.0012, 0.0031, 4, "0.0015 0.0020 0.0025 0.0030")]
    public void Ticks_AreRoundNumbers(double low, double high, int wanted, string expected) =>
        Assert.Equal(expected, string.Join(' ', Ticks.Between(low, high, wanted).Labels));

    private static double Number(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
}
