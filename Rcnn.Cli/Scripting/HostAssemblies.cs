using System.Reflection;

namespace Rcnn.Cli.Scripting;

/// <summary>
/// The assemblies this process runs on: .NET's and the framework's own. A script that references one of them by a path gets the one that
/// runs, so a script never holds a second copy of the framework, whatever build its <c>#r</c> points at.
/// </summary>
internal static class HostAssemblies
{
    private static readonly Dictionary<string, string> ByName = Find();

    /// <summary>Folder of the .NET runtime's assemblies.</summary>
    public static string Runtime { get; } = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    public static IEnumerable<string> Paths => ByName.Values;

    /// <summary>The running assembly of the same simple name, else <paramref name="path"/> itself.</summary>
    public static string Replace(string path) => ByName.GetValueOrDefault(Path.GetFileNameWithoutExtension(path), path);

    /// <summary>Whether this process has <paramref name="name"/> in at least the asked version.</summary>
    public static bool Satisfies(AssemblyName name) =>
        name.Name is not null && ByName.TryGetValue(name.Name, out string? path) &&
        (name.Version is null || AssemblyName.GetAssemblyName(path).Version >= name.Version);

    private static Dictionary<string, string> Find()
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        string trusted = (string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "";
        foreach (string path in trusted.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            found.TryAdd(Path.GetFileNameWithoutExtension(path), path);
        }

        return found;
    }
}
