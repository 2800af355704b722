namespace Rcnn.Cli.Scripting;

/// <summary>What a script sees without naming it, as under dotnet-script.</summary>
public sealed class ScriptGlobals(IList<string> args)
{
    /// <summary>The arguments after the script's name.</summary>
    public IList<string> Args { get; } = args;

    public void Print(object? value) => Console.WriteLine(value);
}
