using System.Runtime.CompilerServices;

namespace Rcnn.Cli.Scripting;

/// <summary>Runs C# scripts as <c>dotnet script</c> does; a script that has not changed since its last run is not compiled again.</summary>
/// <param name="cache">Folder of compiled scripts and package lists; created when needed, safe to delete.</param>
internal sealed class ScriptHost(string cache)
{
    /// <summary>Compile with optimisation (<c>-c Release</c>).</summary>
    public bool Optimized { get; init; }

    /// <summary>Whether a compiled script may be taken from the cache.</summary>
    public bool UseCache { get; init; } = true;

    /// <summary>Compile errors, warnings and unhandled exceptions go here.</summary>
    public TextWriter Errors { get; init; } = Console.Error;

    /// <summary>$RCNN_CACHE, else $XDG_CACHE_HOME/rcnn, else ~/.cache/rcnn.</summary>
    public static string DefaultCache()
    {
        if (Environment.GetEnvironmentVariable("RCNN_CACHE") is { Length: > 0 } own)
        {
            return own;
        }

        string home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify), ".cache");
        return Path.Combine(home, "rcnn");
    }

    /// <summary>Compiles unless cached, then runs. Returns the exit code; 1 for compile errors and unhandled exceptions.</summary>
    public int Run(string path, IList<string> args)
    {
        CompiledScript script;
        try
        {
            var sources = ScriptSources.Read(path);
            string folder = Path.Combine(cache, "scripts", sources.Key(Optimized));
            script = (UseCache ? CompiledScript.Read(folder) : null) ?? Compile(sources, folder);
        }
        catch (ScriptException e)
        {
            Errors.WriteLine(e.Message);
            return 1;
        }

        return ScriptRunner.Run(script, args, Errors);
    }

    // Apart, so that a cached start does not load the compiler.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private CompiledScript Compile(ScriptSources sources, string folder)
    {
        string work = $"{folder}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(work);
        try
        {
            ScriptCompiler.Compile(sources, work, cache, Optimized, Errors);
            if (Directory.Exists(folder))
            {
                Directory.Move(folder, work + ".old");
            }

            try
            {
                Directory.Move(work, folder);
            }
            catch (IOException) when (CompiledScript.Read(folder) is not null)
            {
                // Another process compiled the same script at the same time.
            }

            return CompiledScript.Read(folder) ?? throw new ScriptException($"error: {folder} changed while the script was compiled");
        }
        finally
        {
            Remove(work);
            Remove(work + ".old");
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
