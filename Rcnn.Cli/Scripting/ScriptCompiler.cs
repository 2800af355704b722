using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Rcnn.Cli.Scripting;

/// <summary>Compiles C# scripts with dotnet-script's dialect: its imports, its directives, nullable warnings as errors.</summary>
internal static class ScriptCompiler
{
    private static readonly string[] Imports =
    [
        "System", "System.IO", "System.Collections.Generic", "System.Console", "System.Diagnostics", "System.Dynamic", "System.Linq",
        "System.Linq.Expressions", "System.Text", "System.Threading.Tasks",
    ];

    /// <summary>Compiles into the empty folder <paramref name="folder"/>. Warnings go to <paramref name="warnings"/>.</summary>
    /// <exception cref="ScriptException">Errors, one a line, by file and line.</exception>
    public static CompiledScript Compile(ScriptSources sources, string folder, string cache, bool optimized, TextWriter warnings)
    {
        PackageFolder packages = PackageFolder.Restore(sources.Packages, cache);
        string name = Path.GetFileNameWithoutExtension(sources.Main);
        CSharpCompilation compilation = Create(sources, name, packages, optimized);
        string assembly = Path.Combine(folder, name + ".script.dll");
        string symbols = Path.ChangeExtension(assembly, ".pdb");
        EmitResult result;
        using (FileStream code = File.Create(assembly), debug = File.Create(symbols))
        {
            var options = new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb, pdbFilePath: Path.GetFileName(symbols));
            result = compilation.Emit(code, debug, options: options);
        }

        string messages = Messages(result.Diagnostics, result.Success ? DiagnosticSeverity.Warning : DiagnosticSeverity.Error);
        if (!result.Success)
        {
            throw new ScriptException(messages);
        }

        warnings.Write(messages.Length == 0 ? "" : messages + "\n");
        string[] referenced = [.. sources.Assemblies.Select(HostAssemblies.Replace).Where(File.Exists)];
        string[] folders = [.. referenced.Select(path => Path.GetDirectoryName(path)!).Distinct()];
        var script = new CompiledScript(
            assembly,
            [.. referenced.Concat(packages.Runtime).Concat(folders.SelectMany(path => Directory.EnumerateFiles(path, "*.dll"))).Distinct()],
            [.. packages.Native.Concat(folders.SelectMany(path => Directory.EnumerateFiles(path, "*.so"))).Distinct()]);
        script.Write(folder);
        return script;
    }

    private static CSharpCompilation Create(ScriptSources sources, string name, PackageFolder packages, bool optimized)
    {
        string host = typeof(ScriptGlobals).Assembly.Location;
        IEnumerable<MetadataReference> references = HostAssemblies.Paths
            .Where(path => path.StartsWith(HostAssemblies.Runtime, StringComparison.Ordinal)) // With System.Private.*, where the types of a running program live.
            .Append(host)
            .Concat(packages.Compile)
            .Select(path => MetadataReference.CreateFromFile(path));
        Dictionary<string, ReportDiagnostic> severities = Enumerable.Range(8600, 56).ToDictionary(code => $"CS{code}", _ => ReportDiagnostic.Error);
        foreach (string unification in new[] { "CS1701", "CS1702", "CS1705" })
        {
            severities[unification] = ReportDiagnostic.Suppress; // Another version of a referenced assembly: decided when it is loaded.
        }

        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            scriptClassName: ScriptRunner.ClassName,
            usings: Imports,
            optimizationLevel: optimized ? OptimizationLevel.Release : OptimizationLevel.Debug,
            allowUnsafe: true,
            specificDiagnosticOptions: severities,
            sourceReferenceResolver: new LoadedFiles(sources),
            metadataReferenceResolver: new ReferencedFiles(host),
            assemblyIdentityComparer: DesktopAssemblyIdentityComparer.Default);
        var dialect = new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.None, SourceCodeKind.Script);
        byte[] main = sources.Files[sources.Main];
        SyntaxTree tree = CSharpSyntaxTree.ParseText(SourceText.From(main, main.Length, Encoding.UTF8), dialect, sources.Main);
        return CSharpCompilation.CreateScriptCompilation(
            name + ".script", tree, references, options, previousScriptCompilation: null, typeof(object), typeof(ScriptGlobals));
    }

    private static string Messages(IEnumerable<Diagnostic> diagnostics, DiagnosticSeverity least)
    {
        var lines = diagnostics
            .Where(diagnostic => diagnostic.Severity >= least)
            .Select(diagnostic => (Span: diagnostic.Location.GetMappedLineSpan(), diagnostic))
            .OrderBy(pair => pair.Span.Path, StringComparer.Ordinal)
            .ThenBy(pair => pair.Span.StartLinePosition)
            .Select(pair => (pair.Span.IsValid ? $"{pair.Span.Path}({pair.Span.StartLinePosition.Line + 1},{pair.Span.StartLinePosition.Character + 1}): " : "") +
                $"{(pair.diagnostic.Severity == DiagnosticSeverity.Error ? "error" : "warning")} {pair.diagnostic.Id}: {pair.diagnostic.GetMessage()}");
        return string.Join("\n", lines.Distinct());
    }

    /// <summary><c>#load</c>: paths relative to the loading file, contents as they were read for the cache key.</summary>
    private sealed class LoadedFiles(ScriptSources sources) : SourceReferenceResolver
    {
        public override string? NormalizePath(string path, string? baseFilePath) => ResolveReference(path, baseFilePath);

        public override string? ResolveReference(string path, string? baseFilePath)
        {
            string full = Path.GetFullPath(path, Path.GetDirectoryName(baseFilePath) ?? Environment.CurrentDirectory);
            return sources.Files.ContainsKey(full) ? full : null;
        }

        // The started script is compiled already; when something it loads loads it back, there is nothing to add.
        public override Stream OpenRead(string resolvedPath) => new MemoryStream(resolvedPath == sources.Main ? [] : sources.Files[resolvedPath]);

        public override bool Equals(object? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => 1;
    }

    /// <summary><c>#r</c>: a path relative to the referencing file, or the name of one of .NET's own assemblies.</summary>
    private sealed class ReferencedFiles(string host) : MetadataReferenceResolver
    {
        public override ImmutableArray<PortableExecutableReference> ResolveReference(string reference, string? baseFilePath, MetadataReferenceProperties properties)
        {
            if (reference.StartsWith("nuget:", StringComparison.OrdinalIgnoreCase))
            {
                return [MetadataReference.CreateFromFile(host)]; // The package's assemblies are among the references already.
            }

            string full = Path.GetFullPath(reference, Path.GetDirectoryName(baseFilePath) ?? Environment.CurrentDirectory);
            string path = HostAssemblies.Replace(File.Exists(full) || full.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? full : reference + ".dll");
            return File.Exists(path) ? [MetadataReference.CreateFromFile(path, properties)] : [];
        }

        public override bool Equals(object? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => 1;
    }
}
