using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Rcnn.Tests.Packaging;

/// <summary>Rcnn.Ops as others would take it: packed from what is built, unpacked, and looked at.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rcnn-pack-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public void Pack_OfOperators_HasLibraryDocumentationReadmeLicenceAndSymbols()
    {
        string package = Pack("Rcnn.Ops", "*.nupkg");
        string[] files = Entries(package);
        Assert.Superset(new HashSet<string>(["lib/net10.0/Rcnn.Ops.dll", "lib/net10.0/Rcnn.Ops.xml", "README.md", "Rcnn.Ops.nuspec"]), files.ToHashSet());
        Assert.Single(files, f => f.EndsWith(".dll", StringComparison.Ordinal));
        Assert.Contains("lib/net10.0/Rcnn.Ops.pdb", Entries(Path.ChangeExtension(package, ".snupkg")));

        XElement metadata = Metadata(package);
        Assert.Equal("MIT", Text(metadata, "license"));
        Assert.Equal("README.md", Text(metadata, "readme"));
        Assert.NotEmpty(Text(metadata, "description"));

        // The members' comments came along.
        string documentation = Content(package, "lib/net10.0/Rcnn.Ops.xml");
        Assert.Contains("M:Rcnn.Ops.Nms.Run(", documentation);
    }

    [SkippableFact]
    public void Pack_OfOperators_DependsOnThePlatformPackageOfItsOwnVersion()
    {
        string package = Pack("Rcnn.Ops", "*.nupkg");
        string platform = Pack("Rcnn.Platform", "Rcnn.Platform*.nupkg");
        XElement dependency = Assert.Single(Metadata(package).Descendants(), e => e.Name.LocalName == "dependency");
        Assert.Equal("Rcnn.Platform", dependency.Attribute("id")!.Value);
        Assert.Equal(Text(Metadata(platform), "version"), dependency.Attribute("version")!.Value);
        Assert.EndsWith("-distro", dependency.Attribute("version")!.Value);
        Assert.Superset(
            new HashSet<string>(["lib/net10.0/Rcnn.Platform.dll", "runtimes/linux-x64/native/librcnn_torch.so", "runtimes/linux-x64/native/librcnn_opencv.so"]), Entries(platform).ToHashSet());
    }

    private string Pack(string project, string pattern)
    {
        // bin/Release/net10.0 below the test project, which lies beside the others.
        string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../.."));
        Skip.IfNot(File.Exists(Path.Combine(root, project, project + ".csproj")), "the tests do not run from their checkout");
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var start = new ProcessStartInfo("dotnet", ["pack", Path.Combine(root, project), "-c", configuration, "--no-build", "--nologo", "-v", "quiet", "-o", _folder, "-nodeReuse:false"])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        return Assert.Single(Directory.GetFiles(_folder, pattern));
    }

    private static string[] Entries(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        return [.. archive.Entries.Select(e => e.FullName)];
    }

    private static string Content(string package, string entry)
    {
        using ZipArchive archive = ZipFile.OpenRead(package);
        using var reader = new StreamReader(archive.GetEntry(entry)!.Open());
        return reader.ReadToEnd();
    }

    private static XElement Metadata(string package)
    {
        string name = Assert.Single(Entries(package), e => e.EndsWith(".nuspec", StringComparison.Ordinal));
        return Assert.Single(XDocument.Parse(Content(package, name)).Root!.Elements());
    }

    private static string Text(XElement metadata, string element) => Assert.Single(metadata.Elements(), e => e.Name.LocalName == element).Value;
}
