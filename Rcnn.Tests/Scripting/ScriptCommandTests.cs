using Rcnn.Cli.Commands;

namespace Rcnn.Tests.Scripting;

public sealed class ScriptCommandTests
{
    [Theory]
    [InlineData("script a.csx --help -c x", "script a.csx -- --help -c x")]
    [InlineData("script a.csx -- b", "script a.csx -- b")]
    [InlineData("script -c Release --no-cache a.csx b", "script -c Release --no-cache a.csx -- b")]
    [InlineData("script --help", "script --help")]
    [InlineData("train --data script x", "train --data script x")]
    [InlineData("script", "script")]
    public void Escape_LeavesEverythingAfterTheFileToTheScript(string given, string expected) =>
        Assert.Equal(expected.Split(' '), ScriptCommand.Escape(given.Split(' ')));

    [Fact]
    public void Main_MissingScript_IsAUsageError() => Assert.Equal(2, Rcnn.Cli.Program.Main(["script", "/nowhere/at/all.csx"]));
}
