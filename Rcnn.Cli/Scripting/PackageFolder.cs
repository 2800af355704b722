using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Rcnn.Cli.Scripting;

/// <summary>The files of the packages a script asks for, found by <c>dotnet restore</c> of a generated project.</summary>
internal sealed record PackageFolder(IReadOnlyList<string> Compile, IReadOnlyList<string> Runtime, IReadOnlyList<string> Native)
{
    public static readonly PackageFolder Empty = new([], [], []);

    /// <summary>
    /// Restores once for each list of packages and keeps the answer below <paramref name="cache"/>. Packages that are on this machine already
    /// need no network: the first attempt has no source but the local package folder.
    /// </summary>
    /// <exception cref="ScriptException">A package cannot be restored; the message quotes NuGet.</exception>
    public static PackageFolder Restore(IReadOnlyList<(string Id, string Version)> packages, string cache)
    {
        if (packages.Count == 0)
        {
            return Empty;
        }

        string wanted = string.Join(";", packages.Select(p => $"{p.Id},{p.Version}").Order(StringComparer.Ordinal));
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted)))[..16];
        string folder = Path.Combine(cache, "packages", key);
        string assets = Path.Combine(folder, "obj", "project.assets.json");
        if (!File.Exists(assets))
        {
            string work = folder + "." + Environment.ProcessId + ".new";
            WriteProject(work, packages);
            Run(work, wanted);
            try
            {
                Directory.Move(work, folder);
            }
            catch (IOException) when (File.Exists(assets))
            {
                Directory.Delete(work, recursive: true); // Another process was faster.
            }
        }

        return Parse(assets);
    }

    private static void WriteProject(string folder, IReadOnlyList<(string Id, string Version)> packages)
    {
        Directory.CreateDirectory(Path.Combine(folder, "none"));
        string references = string.Concat(packages.Select(p => $"\n    <PackageReference Include=\"{p.Id}\" Version=\"[{p.Version}]\" />"));
        File.WriteAllText(Path.Combine(folder, "packages.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net{Environment.Version.Major}.0</TargetFramework>
                <RuntimeIdentifiers>{System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifiers>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>{references}
              </ItemGroup>
            </Project>
            """);
        foreach (string name in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
        {
            File.WriteAllText(Path.Combine(folder, name), "<Project />"); // Nothing is inherited from folders above.
        }
    }

    private static void Run(string folder, string wanted)
    {
        (int code, string output) = Dotnet(folder, "restore", "--nologo", "-v", "quiet", "--source", Path.Combine(folder, "none"));
        if (code != 0)
        {
            (code, output) = Dotnet(folder, "restore", "--nologo", "-v", "quiet");
        }

        if (code != 0)
        {
            Directory.Delete(folder, recursive: true);
            throw new ScriptException($"error: cannot restore {wanted}\n{output.Trim()}");
        }
    }

    private static (int Code, string Output) Dotnet(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start) ?? throw new ScriptException("error: cannot start dotnet");
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    private static PackageFolder Parse(string assets)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(assets));
        JsonElement root = document.RootElement, libraries = root.GetProperty("libraries");
        string[] folders = [.. root.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];
        // The target that names a runtime identifier also lists native files.
        JsonElement target = root.GetProperty("targets").EnumerateObject().OrderBy(t => t.Name.Length).Last().Value;
        List<string> compile = [], runtime = [], native = [];
        foreach (JsonProperty library in target.EnumerateObject())
        {
            JsonElement about = libraries.GetProperty(library.Name);
            if (about.GetProperty("type").GetString() != "package")
            {
                continue;
            }

            string path = about.GetProperty("path").GetString()!;
            string home = folders.Select(folder => Path.Combine(folder, path)).First(Directory.Exists);
            Collect("compile", compile);
            Collect("runtime", runtime);
            Collect("native", native);

            void Collect(string kind, List<string> into)
            {
                if (library.Value.TryGetProperty(kind, out JsonElement files))
                {
                    into.AddRange(files.EnumerateObject().Where(file => !file.Name.EndsWith("_._", StringComparison.Ordinal)).Select(file => Path.Combine(home, file.Name)));
                }
            }
        }

        return new PackageFolder(compile, runtime, native);
    }
}
