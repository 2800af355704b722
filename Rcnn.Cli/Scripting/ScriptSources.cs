using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Rcnn.Cli.Scripting;

/// <summary>
/// A script with everything it loads, found by reading its directives as text: a cached start never loads the compiler.
/// What is read here is also what is compiled, so the cache key and the program always belong together.
/// </summary>
internal sealed partial class ScriptSources
{
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _absent = new(StringComparer.Ordinal);

    private ScriptSources(string main) => Main = main;

    /// <summary>Full path of the script that was started.</summary>
    public string Main { get; }

    /// <summary>Full path → content of the script and of all that it loads, directly or not.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files;

    /// <summary>Full paths of the assemblies named by <c>#r "path.dll"</c>.</summary>
    public List<string> Assemblies { get; } = [];

    /// <summary>Packages named by <c>#r "nuget: Id, Version"</c>.</summary>
    public List<(string Id, string Version)> Packages { get; } = [];

    /// <summary>Follows <c>#load</c> and <c>#r</c> from <paramref name="path"/>; each file counts once, however often and in whatever circle it is loaded.</summary>
    /// <exception cref="ScriptException">A package without an exact version, or <c>#load "nuget:"</c>; with file and line.</exception>
    public static ScriptSources Read(string path)
    {
        var sources = new ScriptSources(Path.GetFullPath(path));
        sources.Visit(sources.Main);
        return sources;
    }

    private void Visit(string path)
    {
        if (_files.ContainsKey(path))
        {
            return;
        }

        if (!File.Exists(path))
        {
            _absent.Add(path); // The compiler reports it, with the place of the directive.
            return;
        }

        byte[] bytes = File.ReadAllBytes(path);
        _files.Add(path, bytes);
        string text = Encoding.UTF8.GetString(bytes);
        string folder = Path.GetDirectoryName(path)!;
        foreach (Match match in Directive().Matches(text))
        {
            bool load = match.Groups["kind"].Value == "load";
            string value = match.Groups["value"].Value;
            if (Package().Match(value) is { Success: true } package)
            {
                AddPackage(package, load, () => $"{path}({text.AsSpan(0, match.Index).Count('\n') + 1},1)");
            }
            else if (load)
            {
                Visit(Path.GetFullPath(value, folder));
            }
            else if (Path.GetFullPath(value, folder) is var assembly && !Assemblies.Contains(assembly))
            {
                Assemblies.Add(assembly);
            }
        }
    }

    private void AddPackage(Match package, bool load, Func<string> place)
    {
        string id = package.Groups["id"].Value, version = package.Groups["version"].Value.Trim();
        if (load)
        {
            throw new ScriptException($"{place()}: error: #load \"nuget: {id}\" is not supported; #load a file");
        }

        if (version.Length == 0 || version.AsSpan().IndexOfAny("*,") >= 0)
        {
            throw new ScriptException($"{place()}: error: an exact version is needed, as in #r \"nuget: {id}, 1.2.3\"; got '{version}'");
        }

        version = version.Trim('[', ']');
        if (!Packages.Contains((id, version)))
        {
            Packages.Add((id, version));
        }
    }

    /// <summary>SHA-256, hex, over host, runtime, configuration, script texts and paths, packages, and time and length of referenced assemblies.</summary>
    public string Key(bool optimized)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(typeof(ScriptSources).Module.ModuleVersionId.ToString());
        Add(Environment.Version.ToString());
        Add(optimized ? "optimized" : "debug");
        foreach ((string path, byte[] bytes) in _files)
        {
            Add(path);
            Add(bytes.Length.ToString());
            hash.AppendData(bytes);
        }

        foreach (string assembly in Assemblies)
        {
            var file = new FileInfo(HostAssemblies.Replace(assembly));
            Add(file.FullName + (file.Exists ? $":{file.LastWriteTimeUtc.Ticks}:{file.Length}" : ":absent"));
        }

        foreach ((string id, string version) in Packages)
        {
            Add($"{id},{version}");
        }

        foreach (string path in _absent)
        {
            Add(path);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string part)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData([0]);
        }
    }

    [GeneratedRegex(@"^[ \t]*#[ \t]*(?<kind>r|load)[ \t]+""(?<value>[^""\r\n]+)""", RegexOptions.Multiline)]
    private static partial Regex Directive();

    [GeneratedRegex(@"^nuget:[ \t]*(?<id>[\w.-]+)(?:[ \t]*,(?<version>.*))?$", RegexOptions.IgnoreCase)]
    private static partial Regex Package();
}
