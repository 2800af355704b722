using System.Xml.Linq;
using Rcnn.Experiments;

namespace Rcnn.Tests.Experiments;

public sealed class ReportTests
{
    [Fact]
    public void Summary_ShowsMeanSpreadAndPairedDifference()
    {
        Table table = Report.Summary([Result("a", 0, 0.5), Result("a", 1, 0.7), Result("b", 0, 0.6), Result("b", 1, 0.8)], ["AP"], 3);

        Assert.Equal(["setting", "seeds", "AP", "ΔAP to a"], table.Headers);
        Assert.Equal(["a", "2", "0.600 ± 0.141", "–"], table.Rows[0]);
        Assert.Equal(["b", "2", "0.700 ± 0.141", "+0.100 ± 0.000"], table.Rows[1]);
    }

    [Fact]
    public void Summary_UnknownMetric_NamesRunAndKnownOnes()
    {
        var e = Assert.Throws<ArgumentException>(() => Report.Summary([Result("a", 0, 0.5)], ["AP51"], 3));
        Assert.Contains("'a-seed0' has no metric 'AP51'; it has AP", e.Message);
    }

    [Fact]
    public void Text_AlignsNumbersRight()
    {
        var table = new Table(["name", "n"], [["ab", "1"], ["c", "10"]]);

        Assert.Equal("name   n\n--------\nab     1\nc     10\n", table.Text());
    }

    [Fact]
    public void Csv_QuotesWhatNeedsQuotes()
    {
        var table = new Table(["a,b", "c"], [["say \"x\"", "1"], ["two\nlines", "2"]]);

        Assert.Equal("\"a,b\",c\n\"say \"\"x\"\"\",1\n\"two\nlines\",2\n", table.Csv());
    }

    [Fact]
    public void Markdown_EscapesBars() => Assert.Equal("| a | n |\n| --- | --: |\n| x\\|y | 1 |\n", new Table(["a", "n"], [["x|y", "1"]]).Markdown());

    [Fact]
    public void Html_IsWellFormedAndEscaped()
    {
        XElement table = XElement.Parse(new Table(["<h>", "n"], [["a & b", "1"]]).Html());

        Assert.Equal("<h>", table.Descendants("th").First().Value);
        Assert.Equal("a & b", table.Descendants("td").First().Value);
        Assert.Equal("number", table.Descendants("td").Last().Attribute("class")?.Value);
    }

    [Fact]
    public void RowOfAnotherLength_IsRejected() => Assert.Throws<ArgumentException>(() => new Table(["a"], [["1", "2"]]));

    [Fact]
    public void Runs_ListsSettingsAndAllMetricsAtFullPrecision()
    {
        var spec = new RunSpec("g", 3, new Dictionary<string, string> { ["p"] = "[1,2]" });
        Table table = Report.Runs([new RunResult(spec, new Dictionary<string, double> { ["AP"] = 1.0 / 3 }, "x")]);

        Assert.Equal("setting,seed,p,AP\ng,3,\"[1,2]\",0.3333333333333333\n", table.Csv());
    }

    private static RunResult Result(string group, long seed, double ap) =>
        new(new RunSpec(group, seed, new Dictionary<string, string>()), new Dictionary<string, double> { ["AP"] = ap }, group);
}
