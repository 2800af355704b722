using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Rcnn.Core;

namespace Rcnn.Cli.Scripting;

/// <summary>Loads a compiled script and runs it in this process.</summary>
internal static class ScriptRunner
{
    public const string ClassName = "Submission#0";

    /// <summary>
    /// Runs the script to its end. The exit code is the script's value when that is an int, else <see cref="Environment.ExitCode"/>.
    /// An exception is written to <paramref name="errors"/> with the script's file and line, and gives 1 (an <see cref="RcnnException"/> its own code, an interrupt 130).
    /// </summary>
    public static int Run(CompiledScript script, IList<string> args, TextWriter errors)
    {
        int before = Environment.ExitCode;
        Environment.ExitCode = 0;
        var context = new ScriptContext(script);
        Assembly assembly = context.LoadFromAssemblyPath(script.Assembly);
        MethodInfo factory = assembly.GetType(ClassName)!.GetMethod("<Factory>", BindingFlags.Static | BindingFlags.Public)!;
        try
        {
            var task = (Task<object>)factory.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [new object?[] { new ScriptGlobals(args), null }], null)!;
            return task.GetAwaiter().GetResult() is int code ? code : Environment.ExitCode;
        }
        catch (OperationCanceledException)
        {
            errors.WriteLine("rcnn: interrupted");
            return 130;
        }
        catch (RcnnException e)
        {
            errors.WriteLine(Place(e, assembly) + "error: " + e.Message.ReplaceLineEndings(" "));
            return e.ExitCode;
        }
        catch (Exception e)
        {
            errors.WriteLine(Describe(e));
            return 1;
        }
        finally
        {
            Environment.ExitCode = before;
        }
    }

    /// <summary>"file(line): " of the innermost script frame, or nothing.</summary>
    private static string Place(Exception e, Assembly assembly)
    {
        StackFrame? frame = new StackTrace(e, fNeedFileInfo: true).GetFrames()
            .FirstOrDefault(f => f.GetMethod()?.Module.Assembly == assembly && f.GetFileName() is not null);
        return frame is null ? "" : $"{frame.GetFileName()}({frame.GetFileLineNumber()}): ";
    }

    /// <summary>The exception with its stack, without the frames of this host.</summary>
    private static string Describe(Exception e) =>
        string.Join('\n', e.ToString().Split('\n').Where(line =>
            !line.Contains(typeof(ScriptRunner).FullName!, StringComparison.Ordinal) &&
            !line.Contains("<Factory>", StringComparison.Ordinal) &&
            !line.StartsWith("--- End of stack trace", StringComparison.Ordinal)));

    /// <summary>Assemblies of this process where they are new enough, else those the script brings.</summary>
    private sealed class ScriptContext(CompiledScript script) : AssemblyLoadContext(Path.GetFileName(script.Assembly))
    {
        private readonly ILookup<string, string> _managed = script.Managed.ToLookup(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);

        protected override Assembly? Load(AssemblyName name) =>
            !HostAssemblies.Satisfies(name) && _managed[name.Name!].FirstOrDefault() is { } path ? LoadFromAssemblyPath(path) : null;

        protected override nint LoadUnmanagedDll(string name)
        {
            string? path = script.Native.FirstOrDefault(file => Path.GetFileName(file) is var found && (found == name || found == name + ".so" || found == $"lib{name}.so"));
            return path is null ? 0 : NativeLibrary.Load(path);
        }
    }
}
