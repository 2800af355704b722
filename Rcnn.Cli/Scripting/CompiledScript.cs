namespace Rcnn.Cli.Scripting;

/// <summary>A compiled script on disk: its assembly and where to look for what it needs.</summary>
/// <param name="Assembly">Full path of the assembly; the .pdb lies beside it.</param>
/// <param name="Managed">Full paths of assemblies that may be loaded on demand, first match by simple name.</param>
/// <param name="Native">Full paths of native libraries that may be loaded on demand.</param>
internal sealed record CompiledScript(string Assembly, IReadOnlyList<string> Managed, IReadOnlyList<string> Native)
{
    private const string ManifestName = "manifest.txt";

    /// <summary>The script kept in <paramref name="folder"/>, or null when there is none or something it needs has gone.</summary>
    public static CompiledScript? Read(string folder)
    {
        string manifest = Path.Combine(folder, ManifestName);
        if (!File.Exists(manifest))
        {
            return null;
        }

        string[] lines = File.ReadAllLines(manifest);
        if (lines.Length == 0)
        {
            return null;
        }

        var script = new CompiledScript(Path.Combine(folder, lines[0]), Kind('m'), Kind('n'));
        return script.Managed.Concat(script.Native).Append(script.Assembly).All(File.Exists) ? script : null;

        List<string> Kind(char kind) => [.. lines.Skip(1).Where(line => line[0] == kind).Select(line => line[2..])];
    }

    /// <summary>Writes the manifest; the last file of a complete folder.</summary>
    public void Write(string folder) =>
        File.WriteAllLines(Path.Combine(folder, ManifestName),
            [Path.GetFileName(Assembly), .. Managed.Select(path => "m " + path), .. Native.Select(path => "n " + path)]);
}
