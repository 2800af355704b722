using Rcnn.Cli.Scripting;

namespace Rcnn.Tests.Scripting;

public sealed class ScriptHostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-script-").FullName;
    private readonly StringWriter _errors = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Value_IsTheExitCode_AndArgsReachTheScript() => Assert.Equal(23, Run("return Args.Count * 10 + Args[1].Length;", "--help", "abc"));

    [Fact]
    public void WithoutAnIntegerValue_EnvironmentExitCodeCounts()
    {
        Assert.Equal(7, Run("Environment.ExitCode = 7;"));
        Assert.Equal(0, Environment.ExitCode);
        Assert.Equal(0, Run("\"text\""));
    }

    [Fact]
    public void Dialect_ShebangTopLevelAwaitDefaultImportsAndTypes() => Assert.Equal(6, Run("""
        #!/usr/bin/env dotnet-script
        record P(int X);
        int Twice(int x) => 2 * x;
        await Task.Delay(1);
        var list = new List<P> { new(1), new(2) };
        var text = new StringBuilder().Append(Path.Combine("a", "b")).ToString();
        return list.Sum(p => Twice(p.X)) + (text == "a/b" ? 0 : 100);
        """));

    [Fact]
    public void Load_IsRelativeToTheLoadingFile_AndOncePerFile()
    {
        Write("lib/a.csx", "#load \"b.csx\"\n#load \"deeper/c.csx\"\nint A() => B() + C();");
        Write("lib/b.csx", "int B() => 1;");
        Write("lib/deeper/c.csx", "#load \"../b.csx\"\nint C() => B() + 1;");

        Assert.Equal(3, Run("#load \"lib/a.csx\"\nreturn A();"));
    }

    [Fact]
    public void Load_InACircle_Ends()
    {
        Write("a.csx", "#load \"main.csx\"\n#load \"b.csx\"\nint A() => B();");
        Write("b.csx", "#load \"a.csx\"\nint B() => 4;");

        Assert.Equal(4, Run("#load \"a.csx\"\nreturn A();"));
    }

    [Fact]
    public void GlobalUsingsOfALoadedFile_HoldInTheLoadingOne()
    {
        Write("usings.csx", "global using System.Globalization;");

        Assert.Equal(0, Run("#load \"usings.csx\"\nreturn CultureInfo.InvariantCulture.Name.Length;"));
    }

    [Fact]
    public void CompileErrors_NameFileLineAndColumn()
    {
        Write("bad.csx", "var fine = 1;\nint z = Undefined;");

        Assert.Equal(1, Run("#load \"bad.csx\"\nint y = \"s\";"));

        Assert.Contains($"{Path("bad.csx")}(2,9): error CS0103: ", _errors.ToString());
        Assert.Contains($"{Path("main.csx")}(2,9): error CS0029: ", _errors.ToString());
    }

    [Fact]
    public void MissingLoad_IsReportedWhereItStands()
    {
        Assert.Equal(1, Run("var a = 1;\n#load \"nosuch.csx\""));
        Assert.Contains($"{Path("main.csx")}(2,", _errors.ToString());
    }

    [Fact]
    public void NullableWarnings_AreErrors()
    {
        Assert.Equal(1, Run("#nullable enable\nstring s = null;"));
        Assert.Contains("(2,12): error CS86", _errors.ToString());
    }

    [Fact]
    public void Exception_NamesFileAndLineOfEveryScriptFrame_AndNoneOfTheHost()
    {
        Write("thrower.csx", "void Go(int q)\n{\n    throw new InvalidOperationException(\"boom \" + q);\n}");

        Assert.Equal(1, Run("#load \"thrower.csx\"\n\nGo(3);"));

        string text = _errors.ToString();
        Assert.Contains("InvalidOperationException: boom 3", text);
        Assert.Contains($"{Path("thrower.csx")}:line 3", text);
        Assert.Contains($"{Path("main.csx")}:line 3", text);
        Assert.DoesNotContain("ScriptRunner", text);
    }

    [Fact]
    public void FrameworkError_IsOneLineWithItsExitCode()
    {
        string core = typeof(Rcnn.Core.RcnnException).Assembly.Location;

        Assert.Equal(2, Run($"#r \"{core}\"\n\nthrow Rcnn.Core.RcnnException.Usage(\"no such data: x\");"));
        Assert.Equal($"{Path("main.csx")}(3): error: no such data: x\n", _errors.ToString());
    }

    [Fact]
    public void ReferenceByPath_ToTheFramework_SharesTypesWithTheHost()
    {
        string core = typeof(Rcnn.Core.RcnnException).Assembly.Location;
        Write("copy/Rcnn.Core.dll", File.ReadAllBytes(core));

        // A second copy of the assembly would make this catch miss.
        Assert.Equal(2, Run("#r \"copy/Rcnn.Core.dll\"\nthrow Rcnn.Core.RcnnException.Usage(\"x\");"));
    }

    [Fact]
    public void Cache_IsUsedUntilAFileChanges()
    {
        Write("part.csx", "int Part() => 1;");
        string script = "#load \"part.csx\"\nreturn Part();";
        Assert.Equal(1, Run(script));
        string compiled = Assert.Single(CompiledFolders());
        DateTime first = Directory.GetLastWriteTimeUtc(compiled);

        Assert.Equal(1, Run(script));
        Assert.Equal(first, Directory.GetLastWriteTimeUtc(compiled));

        Write("part.csx", "int Part() => 2;");
        Assert.Equal(2, Run(script));
        Assert.Equal(2, CompiledFolders().Length);
    }

    [Fact]
    public void Cache_WithoutCache_CompilesAgainIntoTheSamePlace()
    {
        Assert.Equal(1, Run("return 1;"));
        string compiled = Assert.Single(CompiledFolders());
        DateTime first = Directory.GetCreationTimeUtc(compiled);
        Write("main.csx", "return 1;");
        Assert.Equal(1, new ScriptHost(Path("cache")) { Errors = _errors, UseCache = false }.Run(Path("main.csx"), []));

        Assert.Single(CompiledFolders());
        Assert.NotEqual(first, Directory.GetCreationTimeUtc(compiled));
    }

    [Fact]
    public void Cache_DamagedEntry_IsCompiledAgain()
    {
        Assert.Equal(1, Run("return 1;"));
        foreach (string file in Directory.GetFiles(CompiledFolders()[0], "*.dll"))
        {
            File.Delete(file);
        }

        Assert.Equal(1, Run("return 1;"));
    }

    [Fact]
    public void Configurations_AreCompiledApart()
    {
        const string script = """
            int debug = 0;
            foreach (var a in typeof(P).Assembly.GetCustomAttributes(false)) if (a is System.Diagnostics.DebuggableAttribute { IsJITOptimizerDisabled: true }) debug = 1;
            class P { }
            return debug;
            """;
        Assert.Equal(1, Run(script));
        Assert.Equal(0, new ScriptHost(Path("cache")) { Errors = _errors, Optimized = true }.Run(Path("main.csx"), []));
    }

    [Fact]
    public void Package_IsRestoredAndUsed()
    {
        // In the local package folder already, as the framework uses it.
        int code = Run("#r \"nuget: MathNet.Numerics, 5.0.0\"\nusing MathNet.Numerics.Statistics;\nreturn (int)new[] { 1.0, 2, 6 }.Mean();");

        Assert.Equal("", _errors.ToString());
        Assert.Equal(3, code);
    }

    [Theory]
    [InlineData("nuget: Some.Package")]
    [InlineData("nuget: Some.Package, 1.*")]
    [InlineData("nuget: Some.Package, [1.0,2.0)")]
    public void PackageWithoutExactVersion_IsRejectedWithItsLine(string reference)
    {
        Assert.Equal(1, Run($"// first\n#r \"{reference}\""));
        Assert.Contains($"{Path("main.csx")}(2,1): error: an exact version is needed", _errors.ToString());
    }

    private int Run(string script, params string[] args)
    {
        Write("main.csx", script);
        return new ScriptHost(Path("cache")) { Errors = _errors }.Run(Path("main.csx"), args);
    }

    private string[] CompiledFolders() => Directory.GetDirectories(Path("cache/scripts"));

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    private void Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(name))!);
        File.WriteAllBytes(Path(name), content);
    }
}
